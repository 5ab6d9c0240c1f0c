//! Versions and trains: one per line.

use std::cmp::Ordering;

use common::domain::version::{Suffix, Train, Version};
use fuzzkit::{assert_printable, text_of};

/// Words of the format.
pub const WORDS: &[&str] = &["11.1.4-h7", "12.1", ".xfr", "-b36", "-c65", "-h", "65535", "4294967295", "\n"];

/// What parses prints as it was written and has its place among all others; what does not is told briefly.
pub fn check(input: &[u8]) {
    let text = text_of(input);
    let versions: Vec<Version> = text.split('\n').take(8).filter_map(version_of).collect();
    for a in &versions {
        for b in &versions {
            assert_eq!(a.cmp(b), place(a).cmp(&place(b)), "{a} against {b}");
            assert_eq!(a.cmp(b) == Ordering::Equal, a.to_string() == b.to_string(), "{a} against {b}");
        }
    }
}

fn version_of(text: &str) -> Option<Version> {
    match text.parse::<Train>() {
        Ok(train) => assert_eq!(train.to_string(), text),
        Err(error) => assert_printable(&error.to_string(), 600),
    }
    match text.parse::<Version>() {
        Ok(version) => {
            assert_eq!(version.to_string(), text);
            let json = serde_json::to_string(&version).expect("a text");
            assert_eq!(serde_json::from_str::<Version>(&json).ok(), Some(version));
            Some(version)
        }
        Err(error) => {
            assert_printable(&error.to_string(), 800);
            None
        }
    }
}

/// The order of the vendor, written down a second time: numbers, then custom, beta, release, hotfix.
fn place(version: &Version) -> (u16, u16, u16, u8, u32) {
    let (rank, number) = match version.suffix() {
        Suffix::Custom(number) => (0, number),
        Suffix::Beta(number) => (1, number),
        Suffix::Transfer => (2, 0),
        Suffix::Release => (3, 0),
        Suffix::Hotfix(number) => (4, number),
    };
    (version.train().major, version.train().minor, version.patch(), rank, number)
}
