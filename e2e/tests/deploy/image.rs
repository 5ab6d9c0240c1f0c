//! The Dockerfile's steps, as far as they can be taken without Docker: what is sent to the builder, what each COPY
//! finds there, what the stage of the manifests makes of it, and which programs are installed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::root;

/// Members of the workspace that the programs are made of. The others are sent for their manifests only.
const COMPILED: [&str; 6] = ["common", "panos", "producer", "worker", "dashboard", "simulator"];

/// The Dockerfile's instructions, each as its words.
fn instructions() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let words = joined.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words.filter(|words| !words.is_empty()).collect()
}

/// Whether .dockerignore lets a path through. Of the rules that fit it the last one decides (Docker's documentation,
/// ".dockerignore files"); ours are a star, names with an exclamation mark, and one directory at any depth.
fn is_sent(path: &str) -> bool {
    let rules = fs::read_to_string(root().join(".dockerignore")).unwrap();
    let mut is_sent = true;
    for rule in rules.lines().filter(|rule| !rule.is_empty() && !rule.starts_with('#')) {
        let (rule, wanted) = rule.strip_prefix('!').map_or((rule, false), |rule| (rule, true));
        let fits = match rule.strip_prefix("**/") {
            Some(name) => path.split('/').any(|part| part == name),
            None => rule == "*" || path == rule || path.starts_with(&format!("{rule}/")),
        };
        if fits {
            is_sent = wanted;
        }
    }
    is_sent
}

/// What is under version control, or about to be.
fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().filter(|path| root().join(path).is_file()).map(str::to_owned).collect()
}

/// The programs that `cargo build` makes: those of the default members.
fn programs_of(directory: &Path) -> BTreeSet<String> {
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--no-deps"])
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let metadata: Value = serde_json::from_slice(&said.stdout).unwrap();
    let defaults = metadata["workspace_default_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let targets = packages
        .iter()
        .filter(|package| defaults.contains(&package["id"]))
        .flat_map(|package| package["targets"].as_array().unwrap());
    let programs = targets.filter(|target| target["kind"][0] == "bin");
    programs.map(|program| program["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn everything_that_the_dockerfile_copies_is_there_and_is_sent() {
    let copied: Vec<_> = instructions()
        .into_iter()
        .filter(|words| words[0] == "COPY" && !words[1].starts_with("--from"))
        .flat_map(|words| words[1..words.len() - 1].to_vec())
        .collect();
    assert!(copied.len() >= 4, "{copied:?}");
    for source in copied.iter().filter(|source| *source != ".") {
        assert!(root().join(source).exists(), "{source} is not there");
        assert!(is_sent(source), ".dockerignore keeps {source} back");
    }
}

#[test]
fn the_image_holds_every_program_that_is_shipped() {
    let installed: BTreeSet<_> = instructions()
        .into_iter()
        .flatten()
        .filter_map(|word| word.strip_prefix("target/release/").map(str::to_owned))
        .collect();
    assert_eq!(installed, programs_of(&root()));
}

#[test]
fn nothing_secret_and_nothing_local_is_sent_to_the_builder() {
    for path in
        ["secrets/dashboard_token", ".git/config", "target/debug/panos-upgrade", "config.toml", ".env"]
    {
        assert!(!is_sent(path), "{path}");
    }
}

#[test]
fn what_the_sources_include_is_sent_to_the_builder() {
    for path in files().iter().filter(|path| path.ends_with(".rs") && is_sent(path)) {
        let Some((member, _)) = path.split_once('/') else { continue };
        // What tests include is compiled with tests only.
        if !COMPILED.contains(&member) || path.contains("tests") {
            continue;
        }
        let text = fs::read_to_string(root().join(path)).unwrap();
        let (program, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
        for included in ["include_str!(\"", "include_bytes!(\""]
            .iter()
            .flat_map(|how| program.split(how).skip(1))
            .filter_map(|rest| rest.split_once("\")").map(|(included, _)| included))
        {
            let here = root().join(path).parent().unwrap().join(included);
            let Ok(here) = here.canonicalize() else { continue }; // an example in documentation
            let here =
                here.strip_prefix(root().canonicalize().unwrap()).unwrap().to_str().unwrap().to_owned();
            assert!(is_sent(&here), ".dockerignore keeps {here} back, which {path} includes");
        }
    }
}

/// The stage that makes a layer of the dependencies is run as it stands, on what would be sent.
#[test]
fn the_dependencies_are_compiled_from_manifests_that_cargo_takes() {
    let context = tempfile::tempdir().unwrap();
    for path in files().iter().filter(|path| is_sent(path)) {
        let copy = context.path().join(path);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(root().join(path), copy).unwrap();
    }
    let stage: Vec<_> = instructions()
        .into_iter()
        .skip_while(|words| !(words[0] == "FROM" && words.last().unwrap() == "manifests"))
        .take_while(|words| !(words[0] == "FROM" && words.last().unwrap() == "dependencies"))
        .filter(|words| words[0] == "RUN")
        .collect();
    assert_eq!(stage.len(), 1, "{stage:?}");
    let run = Command::new("bash")
        .args(["-o", "pipefail", "-euc", &stage[0][1..].join(" ")])
        .current_dir(context.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");

    let programs_there = programs_of(context.path());
    assert!(programs_there.is_superset(&programs_of(&root())), "{programs_there:?}");
    assert_eq!(dependencies(context.path()), dependencies(&root()));
}

/// What `cargo build --locked` compiles besides our own crates.
fn dependencies(directory: &Path) -> BTreeSet<String> {
    let said = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges=normal,build", "--prefix=none", "--format={p}"])
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let lines = String::from_utf8(said.stdout).unwrap();
    let others = lines.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.contains(" (/"));
    others.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
