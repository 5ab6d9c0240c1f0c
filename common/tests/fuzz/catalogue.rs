//! Files of trusted hashes: CSV, a JSON list, and the predecessor tool's JSON object.

use std::fmt::Write as _;

use common::domain::catalogue::{Catalogue, CatalogueEntry, parse};
use fuzzkit::{assert_printable, text_of};

/// Words of the format.
pub const WORDS: &[&str] = &[
    "version,filename,sha256\n",
    "sha256,version\n",
    "11.1.4-h7",
    "PanOS_440-11.1.4-h7",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "{\"version\":\"11.1.4\",\"sha256\":\"",
    "\"filename\":",
    "null",
    "\"",
    "\"\"",
    "\r\n",
    "\\u0000",
    "\u{feff}",
];

/// What is read can be written in each form and reads back the same; what cannot is told briefly, line by line.
pub fn check(input: &[u8]) {
    match parse(&text_of(input), "hashes") {
        Ok(entries) => {
            let catalogue = Catalogue::new(entries.clone()).expect("conflicts are problems of the file");
            assert!(catalogue.n_entries() <= entries.len());
            for entry in &entries {
                assert_eq!(catalogue.expected(&entry.version, entry.file_name.as_ref()), Some(&entry.sha256));
                assert_printable(&entry.source, 400);
            }
            if !entries.is_empty() {
                assert_eq!(keys(&parse(&as_csv(&entries), "csv").expect("our own CSV")), keys(&entries));
                assert_eq!(keys(&parse(&as_list(&entries), "list").expect("our own list")), keys(&entries));
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert_printable(&problem.to_string(), 1_500);
            }
        }
    }
}

/// What an entry says, wherever it stands.
fn keys(entries: &[CatalogueEntry]) -> Vec<(String, String, String)> {
    let file = |entry: &CatalogueEntry| entry.file_name.as_ref().map(ToString::to_string).unwrap_or_default();
    entries.iter().map(|entry| (entry.version.to_string(), file(entry), entry.sha256.to_string())).collect()
}

fn as_csv(entries: &[CatalogueEntry]) -> String {
    let mut csv = "version,filename,sha256\n".to_owned();
    for (version, file_name, sha256) in keys(entries) {
        writeln!(csv, "{version},{file_name},{sha256}").expect("memory");
    }
    csv
}

fn as_list(entries: &[CatalogueEntry]) -> String {
    let list: Vec<serde_json::Value> = keys(entries)
        .into_iter()
        .map(|(version, file_name, sha256)| {
            serde_json::json!({ "version": version, "filename": file_name, "sha256": sha256 })
        })
        .collect();
    serde_json::Value::from(list).to_string()
}
