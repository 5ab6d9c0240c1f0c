//! The last requests and what was answered, in order.
//!
//! Bounded: the oldest entries make room, and a reader that asks for those gets the ones that are left; the
//! numbers show the gap. Never holds a key or a password.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde::Serialize;

use crate::clock::Moment;
use crate::counters::lock;
use crate::version::Version;
use crate::word::Word;

/// Entries kept.
const KEPT: usize = 200_000;
/// Entries given out at once.
const PAGE: usize = 10_000;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Gapless, from 1.
    pub n: u64,
    /// When it was answered, in milliseconds since the start.
    pub at_ms: u64,
    /// Which box; `panorama` for Panorama itself.
    pub serial: String,
    /// What was asked.
    pub command: Word,
    /// About which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// What was answered, in short.
    pub answer: String,
}

/// Entries, and where to go on reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// To be given as `since` the next time.
    pub next: u64,
    /// Oldest first.
    pub entries: Vec<Entry>,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Journal {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Journal {
    /// Adds an entry; its number is given here.
    pub fn note(&self, now: Moment, serial: &str, command: Word, version: Option<Version>, answer: String) {
        let mut inner = lock(&self.inner);
        inner.last += 1;
        let n = inner.last;
        if inner.entries.len() >= KEPT {
            inner.entries.pop_front();
        }
        inner.entries.push_back(Entry {
            n,
            at_ms: now.ms(),
            serial: serial.to_owned(),
            command,
            version,
            answer,
        });
    }

    /// The entries after number `since`, at most a page of them.
    pub fn since(&self, since: u64) -> Page {
        let inner = lock(&self.inner);
        let start = inner.entries.partition_point(|entry| entry.n <= since);
        let entries: Vec<Entry> = inner.entries.iter().skip(start).take(PAGE).cloned().collect();
        Page { next: entries.last().map_or(inner.last.min(since), |entry| entry.n), entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_where_it_stopped() {
        let journal = Journal::default();
        for answer in ["a", "b", "c"] {
            journal.note(Moment::START, "1", Word::Job, None, answer.to_owned());
        }
        let page = journal.since(1);
        assert_eq!(page.entries.iter().map(|entry| entry.n).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(journal.since(page.next), Page { next: 3, entries: Vec::new() });
    }
}
