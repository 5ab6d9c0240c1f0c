//! The sample file says what the program does.

use super::*;
use crate::config::setting::{Found, Raw};

pub(super) const SAMPLE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/samples/panos-upgrade.toml"));

/// Every `key = value` of the sample with its section, also those behind a single `# `.
fn listed() -> Vec<(String, String)> {
    let mut section = "";
    let mut listed = Vec::new();
    for line in SAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        let Some((name, value)) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ") else { continue };
        if !name.contains(' ') {
            listed.push((format!("{section}.{name}"), value.to_owned()));
        }
    }
    listed
}

#[test]
fn the_sample_lists_every_key_once_and_in_order() {
    let listed: Vec<_> = listed().into_iter().map(|(key, _)| key).collect();
    let known: Vec<_> = show(&Config::default()).into_iter().map(|line| line.key.to_owned()).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_sample_as_it_is_changes_nothing() {
    let config = Place::new(SAMPLE).load(&[]).unwrap();
    let values = |config: &Config| -> Vec<_> {
        show(config).into_iter().map(|line| format!("{} = {}", line.key, line.value)).collect()
    };
    assert_eq!(values(&config), values(&Config::default()));
}

#[test]
fn the_examples_behind_comment_signs_read() {
    let mut config = Config::default();
    let mut fields = config.fields();
    for (key, value) in listed().into_iter().filter(|(key, _)| !key.ends_with("_file")) {
        let document: toml_edit::Document<String> =
            toml_edit::Document::parse(format!("x = {value}")).unwrap();
        let field = fields.iter_mut().find(|field| field.key == key).unwrap();
        let found = Found { raw: Raw::Toml(&document["x"]), base: Path::new("/") };
        field.setting.set(&found).unwrap_or_else(|wanted| panic!("{key} = {value}: {wanted}"));
    }
}
