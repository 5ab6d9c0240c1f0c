//! The predecessor tool's `upgrade_paths.json`, and the plans that are made of it.

use std::collections::BTreeMap;

use common::domain::path::{PathsFile, Policy, plan};
use common::domain::version::Version;
use fuzzkit::{assert_printable, text_of};

/// Words of the format.
pub const WORDS: &[&str] = &[
    "{\"10.0.2\":[\"10.1.0\"]}",
    "\"10.1.0\"",
    "\"10.2.0-c4\"",
    "\"12.1.2\"",
    ":[",
    "],",
    ",",
    "\\u001b",
    "null",
    "1e400",
    "[[[[",
];

/// What is read rises to a target, reads back the same when written, and can be planned or is refused; what
/// cannot be read is told briefly.
pub fn check(input: &[u8]) {
    let paths = match PathsFile::parse(&text_of(input), "paths.json") {
        Ok(paths) => paths,
        Err(problems) => {
            assert!(!problems.is_empty());
            return problems.iter().for_each(|problem| assert_printable(&problem.to_string(), 1_500));
        }
    };
    let written: BTreeMap<&Version, &[Version]> = paths.iter().collect();
    assert_eq!(written.len(), paths.n_paths());
    let again = PathsFile::parse(&serde_json::to_string(&written).expect("texts"), "again");
    assert_eq!(again.as_ref(), Ok(&paths));

    for (running, path) in paths.iter() {
        assert!(path.is_sorted_by(|earlier, later| earlier < later), "{path:?}");
        let goal = paths.goal_for(running).expect("it has one");
        assert_eq!(goal.target(), path.last());
        match plan(running, &goal, None, &Policy::default()) {
            Ok(plan) => assert!(plan.images.iter().all(|image| path.contains(&image.version)), "{plan}"),
            Err(refusal) => assert_printable(&refusal.to_string(), 400),
        }
    }
}
