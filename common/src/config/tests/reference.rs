//! `docs/configuration.md` is made from the sample file and the program's own defaults.

use std::fmt::Write as _;

use super::sample::SAMPLE;
use super::*;
use crate::config::setting::Care;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");

/// What makes the page again.
const AGAIN: &str = "UPDATE_DOCS=1 cargo test -p common config::tests::reference";

/// Keys that the same comment of the sample speaks of.
struct Group {
    section: String,
    meaning: String,
    keys: Vec<String>,
}

/// The sample, section by section: `(name, what it is for)` and its groups.
fn sections() -> Vec<((String, String), Vec<Group>)> {
    let mut sections: Vec<((String, String), Vec<Group>)> = Vec::new();
    let mut comment = String::new();
    for line in SAMPLE.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']').to_owned();
            sections.push(((name, std::mem::take(&mut comment)), Vec::new()));
        } else if let Some(key) = bare.split_once(" = ").map(|(key, _)| key).filter(|key| !key.contains(' '))
        {
            let Some(((section, _), groups)) = sections.last_mut() else { continue };
            let key = format!("{section}.{key}");
            match groups.last_mut().filter(|_| comment.is_empty()) {
                Some(group) => group.keys.push(key),
                None => groups.push(Group {
                    section: section.clone(),
                    meaning: std::mem::take(&mut comment),
                    keys: vec![key],
                }),
            }
        } else if line.is_empty() {
            comment.clear();
        } else {
            comment.push_str(if comment.is_empty() { "" } else { " " });
            comment.push_str(line.trim_start_matches('#').trim());
        }
    }
    sections
}

/// Default and environment variable of a key.
fn row(key: &str, fields: &[Field<'_>]) -> (String, String) {
    let field = fields.iter().find(|field| field.key == key).expect("the sample lists known keys only");
    let default = match field.setting.text() {
        // The default of a path depends on the machine.
        Some(_) if key == "ledger.url" => "in the platform's data directory".to_owned(),
        Some(text) => format!("`{text}`"),
        None => "–".to_owned(),
    };
    let variable = format!("PANOS_UPGRADE__{}", key.to_uppercase().replace('.', "__"));
    let file = match field.setting.care() {
        Care::Secret | Care::Redacted => "`, `…_FILE",
        Care::Plain => "",
    };
    (default, format!("`{variable}{file}`"))
}

fn page() -> String {
    let mut config = Config::default();
    let fields = config.fields();
    let mut page = String::from(
        "# Configuration reference\n\n\
         Made from the program's defaults and [the sample file](samples/panos-upgrade.toml) by a test; do not edit. The \
         environment wins over the file; `panos-upgrade config show` prints what is in effect and where it came from. Unknown \
         keys are refused, and all problems are reported together before anything is connected. A secret may stand in a \
         file of its own, which holds nothing else: `password_file` in the configuration, or `…_FILE` in the environment. Lengths \
         of time carry their unit: `500ms`, `10s`, `2m`, `1h`.\n",
    );
    for ((name, purpose), groups) in sections() {
        let _ = write!(
            page,
            "\n## `[{name}]`\n\n{purpose}\n\n| key | default | environment | meaning |\n|---|---|---|---|\n"
        );
        for group in groups {
            for (n, key) in group.keys.iter().enumerate() {
                let (default, variable) = row(key, &fields);
                let short = key.trim_start_matches(&format!("{}.", group.section)).to_owned();
                let meaning = if n == 0 { group.meaning.replace('|', "\\|") } else { "″".to_owned() };
                let _ = writeln!(page, "| `{short}` | {default} | {variable} | {meaning} |");
            }
        }
    }
    page
}

#[test]
fn the_reference_is_what_the_program_does() {
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(found == page, "docs/configuration.md is not what the program does; make it again: {AGAIN}");
}
