//! Anchors that were copied out of the ledger, to compare with those in it.
//!
//! A copy is one line of JSON with at least `id` and `hash`, as `audit anchors` prints it: the hash covers the rest. This is
//! the one thing that finds out somebody who owns the database and built everything in it anew. Promises: what does not
//! read names its line; memory is bounded. Leaves to others: where the copies come from, and keeping them safe.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::ops::Bound;

use serde::Deserialize;

use super::EntryHash;

/// Longest line; ours have 300 bytes.
const LONGEST_LINE: u64 = 64 * 1024;

/// Most copies: twenty-eight years of one anchor each quarter of an hour, in some fifty megabytes.
const MOST_COPIES: usize = 1_000_000;

/// Longest message of the parser that is repeated, in characters.
const TOLD_CHARS: usize = 160;

/// Why copies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CopiesError {
    /// The file gave an error.
    #[error("line {line}: it cannot be read")]
    Read {
        /// Line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is no anchor.
    #[error("line {line}: expected an anchor as `audit anchors` prints it as JSON: {reason}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Two lines speak of one anchor and do not agree.
    #[error("line {line}: anchor {id} has another hash in a line before")]
    Contradiction {
        /// Line, from 1.
        line: usize,
        /// The anchor.
        id: i64,
    },
    /// There is nothing to compare with.
    #[error("there is no anchor in it")]
    Empty,
    /// More than anybody has.
    #[error("more than {MOST_COPIES} anchors")]
    TooMany,
}

/// Hashes of anchors by their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies(BTreeMap<i64, EntryHash>);

/// What a line has to say.
#[derive(Deserialize)]
struct Copy {
    id: i64,
    hash: EntryHash,
}

impl Copies {
    /// Reads lines of JSON, in any order; an anchor may be there twice.
    ///
    /// # Errors
    /// [`CopiesError`].
    pub fn read(mut lines: impl BufRead) -> Result<Self, CopiesError> {
        let mut copies = BTreeMap::new();
        for line in 1.. {
            let mut text = Vec::new();
            let n = io::Read::take(&mut lines, LONGEST_LINE + 1)
                .read_until(b'\n', &mut text)
                .map_err(|source| CopiesError::Read { line, source })?;
            if n == 0 {
                break;
            }
            let form = |reason: String| CopiesError::Form { line, reason };
            if n as u64 > LONGEST_LINE {
                return Err(form(format!("longer than {} KiB", LONGEST_LINE / 1024)));
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let Copy { id, hash } = serde_json::from_slice(&text).map_err(|error| form(told(&error)))?;
            if copies.insert(id, hash).is_some_and(|before| before != hash) {
                return Err(CopiesError::Contradiction { line, id });
            }
            if copies.len() > MOST_COPIES {
                return Err(CopiesError::TooMany);
            }
        }
        if copies.is_empty() { Err(CopiesError::Empty) } else { Ok(Self(copies)) }
    }

    /// The copied hash of an anchor, where there is a copy.
    #[must_use]
    pub fn hash_of(&self, id: i64) -> Option<EntryHash> {
        self.0.get(&id).copied()
    }

    /// The first copied anchor with a number above `id`.
    #[must_use]
    pub fn first_above(&self, id: i64) -> Option<i64> {
        self.0.range((Bound::Excluded(id), Bound::Unbounded)).next().map(|(id, _)| *id)
    }

    /// How many anchors there are.
    #[must_use]
    pub fn n_anchors(&self) -> usize {
        self.0.len()
    }
}

/// What the parser says, short and on one line: it repeats what it found, and counts lines within our one line.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TOLD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Copies, String> {
        Copies::read(text.as_bytes()).map_err(|error| error.to_string())
    }

    fn line(id: i64, digit: char) -> String {
        format!("{{\"id\":{id},\"hash\":\"{}\",\"at\":\"x\"}}\n", digit.to_string().repeat(64))
    }

    #[test]
    fn lines_come_in_any_order_and_more_than_once() {
        let copies = read(&format!("{}\n{}{}", line(7, '7'), line(2, '2'), line(7, '7'))).unwrap();
        assert_eq!(copies.n_anchors(), 2);
        assert_eq!(copies.hash_of(2), Some(EntryHash([0x22; 32])));
        assert_eq!((copies.hash_of(3), copies.first_above(2), copies.first_above(7)), (None, Some(7), None));
    }

    #[test]
    fn what_is_no_anchor_names_its_line() {
        for (text, says) in [
            (String::new(), "no anchor in it"),
            (format!("{}id=7", line(1, 'a')), "line 2: expected an anchor"),
            ("{\"id\":1}".to_owned(), "line 1: expected an anchor"),
            ("{\"id\":1,\"hash\":\"abc\"}".to_owned(), "64 hexadecimal digits"),
            (format!("{}{}", line(1, 'a'), line(1, 'b')), "line 2: anchor 1 has another hash"),
            (
                "x".repeat(70_000),
                "line 1: expected an anchor as `audit anchors` prints it as JSON: longer than 64 KiB",
            ),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
