//! The predecessor tool's `upgrade_paths.json`: a running version, and the images to stage for it.
//!
//! `{"10.0.2": ["10.1.0", "10.1.14", "10.2.0"], ..}`; the key matches exactly. Shipped examples of such files
//! name versions that do not exist, so every path is checked as far as that goes without a device.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Goal;
use crate::domain::input::{Pairs, Place, Problem, Problems, describe, quoted, told};
use crate::domain::version::{TRAINS, Version};

const VERSION_REMEDY: &str = "write MAJOR.MINOR.PATCH or with -hN, for example 11.1.4-h7";

/// Explicit paths by the version that runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathsFile {
    paths: BTreeMap<Version, Vec<Version>>,
}

impl PathsFile {
    /// Reads the text of a paths file; `source` is how messages name it.
    ///
    /// # Errors
    /// Every [`Problem`] of the file, in its order.
    pub fn parse(text: &str, source: &str) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { problems: Problems::of(source) };
        let pairs = match serde_json::from_str::<Pairs<Value>>(text.trim_start_matches('\u{feff}')) {
            Ok(Pairs(pairs)) => pairs,
            Err(error) => {
                let line = u64::try_from(error.line()).unwrap_or(u64::MAX);
                let remedy = r#"write an object of lists, for example {"10.0.2": ["10.1.0", "10.1.14"]}"#;
                reader.problems.add(Place::Line(line), told(&error), remedy);
                return reader.problems.into_result().map(|()| Self::default());
            }
        };
        let mut paths = BTreeMap::new();
        for (running, path) in &pairs {
            let Some((version, path)) = reader.path(running, path) else { continue };
            if paths.insert(version, path).is_some() {
                reader.problems.add(element(running), "a second path", "keep one path per running version");
            }
        }
        reader.problems.into_result().map(|()| Self { paths })
    }

    /// The goal of a device that runs `version`, where the file has a path for exactly this version.
    pub fn goal_for(&self, version: &Version) -> Option<Goal> {
        self.path_for(version).map(|path| Goal::Explicit(path.to_vec()))
    }

    /// The path of a device that runs `version`.
    pub fn path_for(&self, version: &Version) -> Option<&[Version]> {
        self.paths.get(version).map(Vec::as_slice)
    }

    /// Running versions and their paths, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&Version, &[Version])> {
        self.paths.iter().map(|(running, path)| (running, path.as_slice()))
    }

    /// How many running versions it has a path for.
    pub fn n_paths(&self) -> usize {
        self.paths.len()
    }
}

fn element(running: &str) -> Place {
    Place::Element(quoted(running))
}

struct Reader<'a> {
    problems: Problems<'a>,
}

impl Reader<'_> {
    /// One pair of the file; `None` when it cannot be read at all.
    fn path(&mut self, running: &str, path: &Value) -> Option<(Version, Vec<Version>)> {
        let version = running
            .parse::<Version>()
            .map_err(|_| self.problems.add(element(running), "no version as key", VERSION_REMEDY))
            .ok();
        let Some(steps) = path.as_array() else {
            self.problems.add(element(running), describe(path), "write a list of versions");
            return None;
        };
        if steps.is_empty() {
            self.problems.add(
                element(running),
                "an empty list",
                "name at least the target, or leave the version out",
            );
        }
        let path: Vec<Version> =
            steps.iter().enumerate().filter_map(|(index, step)| self.step(running, index, step)).collect();
        self.check_order(running, &path);
        if let (Some(version), Some(target)) = (version, path.last())
            && *target <= version
        {
            self.problems.add(
                element(running),
                format!("target `{target}`"),
                "end the path above the running version",
            );
        }
        version.map(|version| (version, path))
    }

    fn step(&mut self, running: &str, index: usize, step: &Value) -> Option<Version> {
        let place = Place::Element(format!("{}[{index}]", quoted(running)));
        let Some(text) = step.as_str() else {
            self.problems.add(place, describe(step), "write a version in quotation marks");
            return None;
        };
        match text.parse::<Version>() {
            Ok(version) => {
                self.check_train(place, version);
                Some(version)
            }
            Err(_) => {
                self.problems.add(place, quoted(text), VERSION_REMEDY);
                None
            }
        }
    }

    /// A train newer than the table may be new; one that the table passes over does not exist.
    fn check_train(&mut self, place: Place, version: Version) {
        let train = version.train();
        if !train.is_known() && !train.may_be_new() {
            let trains = TRAINS.map(|train| train.to_string()).join(" ");
            self.problems.add(
                place,
                format!("`{version}`"),
                format!("there is no PAN-OS {train}; the trains are {trains}"),
            );
        }
    }

    fn check_order(&mut self, running: &str, path: &[Version]) {
        for pair in path.windows(2) {
            if let [before, after] = pair
                && after <= before
            {
                let found = format!("`{after}` after `{before}`");
                self.problems.add(element(running), found, "name each version once, oldest first");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_is_found_by_exactly_the_running_version() {
        let text =
            r#"{"10.0.2": ["10.1.0", "10.1.14", "10.2.0"], "11.1.4": ["11.1.4-h7"], "12.1.4": ["13.0.0"]}"#;
        let paths = PathsFile::parse(text, "paths.json").unwrap();
        assert_eq!(paths.n_paths(), 3);
        assert_eq!(
            paths.goal_for(&v("10.0.2")),
            Some(Goal::Explicit(vec![v("10.1.0"), v("10.1.14"), v("10.2.0")]))
        );
        assert_eq!(paths.goal_for(&v("10.0.2-h1")), None);
        assert!(paths.iter().all(|(running, path)| path.last() > Some(running)));
    }

    #[test]
    fn all_problems_of_a_file_are_told_together() {
        let text = r#"{
            "10.0.2": ["10.1.0", "10.5.1", "11.1"],
            "10.0": ["10.1.0"],
            "10.1.3": [],
            "10.1.4": "10.2.0",
            "10.1.5": ["10.2.9", "10.2.0", 11],
            "10.1.6": ["10.1.0"],
            "10.1.7": ["10.2.0"],
            "10.1.7": ["10.2.1"],
            "10.1.8": ["10.1.0", "10.1.8"]
        }"#;
        let problems = PathsFile::parse(text, "paths.json").unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        paths.json, at `10.0.2`[1]: found `10.5.1`; there is no PAN-OS 10.5; the trains are 8.1 9.0 9.1 10.0 10.1 10.2 11.0 11.1 11.2 12.1
        paths.json, at `10.0.2`[2]: found `11.1`; write MAJOR.MINOR.PATCH or with -hN, for example 11.1.4-h7
        paths.json, at `10.0`: found no version as key; write MAJOR.MINOR.PATCH or with -hN, for example 11.1.4-h7
        paths.json, at `10.1.3`: found an empty list; name at least the target, or leave the version out
        paths.json, at `10.1.4`: found `10.2.0`; write a list of versions
        paths.json, at `10.1.5`[2]: found the number `11`; write a version in quotation marks
        paths.json, at `10.1.5`: found `10.2.0` after `10.2.9`; name each version once, oldest first
        paths.json, at `10.1.6`: found target `10.1.0`; end the path above the running version
        paths.json, at `10.1.7`: found a second path; keep one path per running version
        paths.json, at `10.1.8`: found target `10.1.8`; end the path above the running version
        "#);
    }

    #[test]
    fn a_file_full_of_problems_tells_the_first_ones_and_counts_the_rest() {
        let pairs: Vec<String> = (0..1_000).map(|n| format!(r#""{n}": ["10.1.0"]"#)).collect();
        let problems = PathsFile::parse(&format!("{{{}}}", pairs.join(",")), "paths.json").unwrap_err();
        assert_eq!(problems.len(), 201);
        let last = problems.last().unwrap().to_string();
        assert_eq!(last, "paths.json, as a whole: found 800 more problems; mend those above first");
    }

    #[test]
    fn a_file_that_is_no_object_is_refused_with_its_line() {
        for text in ["", "[]", "{\n\"10.0.2\": [", "null", "{\"a\": 1} x"] {
            let problems = PathsFile::parse(text, "paths.json").unwrap_err();
            let [problem] = problems.as_slice() else { panic!("{problems:?}") };
            assert!(matches!(problem.place, Place::Line(_)), "{problem}");
            assert!(problem.remedy.contains("object of lists"), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in r#"[{}\[\]",:0-9.a-h\- ]{0,60}"#) {
            let _ = PathsFile::parse(&text, "paths.json");
        }
    }
}
