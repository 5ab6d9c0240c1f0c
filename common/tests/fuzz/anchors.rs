//! Anchors that were kept outside the ledger: lines of JSON.

use common::audit::copies::Copies;
use fuzzkit::assert_printable;

/// Words of the format.
pub const WORDS: &[&str] = &[
    "{\"id\":",
    ",\"hash\":\"",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
    "\"}\n",
    "9223372036854775807",
    "-1",
    "\r\n",
    "\\u0000",
    "null",
];

/// Each number that is walked to has a hash; a line that does not read is told briefly.
pub fn check(input: &[u8]) {
    match Copies::read(input) {
        Ok(copies) => {
            let (mut last, mut n) = (i64::MIN, usize::from(copies.hash_of(i64::MIN).is_some()));
            while let Some(id) = copies.first_above(last) {
                assert!(id > last && copies.hash_of(id).is_some());
                (last, n) = (id, n + 1);
            }
            assert_eq!(n, copies.n_anchors());
        }
        Err(problem) => assert_printable(&problem.to_string(), 1_000),
    }
}
