//! The last requests: who asked what, when it came, when it was answered, and what it began.
//!
//! Every request is noted, also one whose asker has gone before the answer, in the order of the ends. Bounded: the
//! oldest entries make room, and a reader that asks for those gets the ones that are left; the numbers show the gap.
//! Never holds a key or a password.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde::Serialize;

use crate::clock::{Clock, Moment};
use crate::counters::lock;
use crate::version::Version;
use crate::word::Word;

/// Entries kept: ten minutes of a thousand requests a second, which is more than a loopback fleet is asked.
const KEPT: usize = 600_000;
/// Entries given out at once.
const PAGE: usize = 10_000;
/// The longest name of a client, in characters.
const MAX_CLIENT: usize = 120;
/// The answer to somebody who has gone.
const GONE: &str = "gone";

/// What is known of a request when it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Which box; `panorama` for Panorama itself.
    pub serial: String,
    /// What was asked.
    pub command: Word,
    /// About which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// About which job of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_job: Option<u32>,
    /// Who asked, by its `User-Agent`, as [`client`] has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Gapless, from 1.
    pub n: u64,
    /// When it came, in milliseconds since the start.
    pub began_ms: u64,
    /// When it was answered, or when whoever asked had gone, in milliseconds since the start.
    pub at_ms: u64,
    /// What was asked.
    #[serde(flatten)]
    pub asked: Asked,
    /// The download that began with it, whether or not the answer arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
    /// What was answered, in short; `gone` when nobody waited any more.
    pub answer: String,
}

/// A download that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Begun {
    /// Number of the device's job.
    pub job: u32,
    /// How the file stood.
    pub file: FileBefore,
}

/// How a file stood when its download began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileBefore {
    /// Never asked for.
    New,
    /// Asked for before, and not there: the device lost it.
    Lost,
    /// There: nobody needed this download.
    Present,
}

/// The name of a client as it is kept: printable ASCII, not too long.
pub fn client(header: &str) -> Option<String> {
    let kept: String = header.chars().filter(|c| matches!(c, ' '..='~')).take(MAX_CLIENT).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
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
    /// Opens an entry for a request that has come; it is added when the request ends.
    pub fn open<'a>(&'a self, clock: &'a Clock, asked: Asked) -> Open<'a> {
        Open { journal: self, clock, began: clock.now(), asked: Some(asked) }
    }

    fn add(&self, began: Moment, now: Moment, asked: Asked, begun: Option<Begun>, answer: String) {
        let mut inner = lock(&self.inner);
        inner.last += 1;
        let n = inner.last;
        if inner.entries.len() >= KEPT {
            inner.entries.pop_front();
        }
        inner.entries.push_back(Entry { n, began_ms: began.ms(), at_ms: now.ms(), asked, begun, answer });
    }

    /// The entries after number `since`, at most a page of them.
    pub fn since(&self, since: u64) -> Page {
        let inner = lock(&self.inner);
        let start = inner.entries.partition_point(|entry| entry.n <= since);
        let entries: Vec<Entry> = inner.entries.iter().skip(start).take(PAGE).cloned().collect();
        Page { next: entries.last().map_or(inner.last.min(since), |entry| entry.n), entries }
    }
}

/// A request that is being answered. Dropped without an answer, it is noted as one whose asker has gone.
#[derive(Debug)]
pub struct Open<'a> {
    journal: &'a Journal,
    clock: &'a Clock,
    began: Moment,
    asked: Option<Asked>,
}

impl Open<'_> {
    /// It was answered.
    pub fn answered(mut self, answer: String, begun: Option<Begun>) {
        self.end(answer, begun);
    }

    fn end(&mut self, answer: String, begun: Option<Begun>) {
        if let Some(asked) = self.asked.take() {
            self.journal.add(self.began, self.clock.now(), asked, begun, answer);
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.end(GONE.to_owned(), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        let serial = "1".to_owned();
        Asked { serial, command: Word::Job, version: None, device_job: Some(7), client: None }
    }

    #[test]
    fn a_reader_goes_on_where_it_stopped() {
        let (journal, clock) = (Journal::default(), Clock::start());
        for answer in ["a", "b", "c"] {
            journal.open(&clock, asked()).answered(answer.to_owned(), None);
        }
        let page = journal.since(1);
        assert_eq!(page.entries.iter().map(|entry| entry.n).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(journal.since(page.next), Page { next: 3, entries: Vec::new() });
    }

    #[test]
    fn a_request_whose_asker_has_gone_is_noted_once() {
        let (journal, clock) = (Journal::default(), Clock::start());
        drop(journal.open(&clock, asked()));
        journal.open(&clock, asked()).answered("success".to_owned(), None);
        let answers: Vec<_> = journal.since(0).entries.into_iter().map(|entry| entry.answer).collect();
        assert_eq!(answers, [GONE, "success"]);
    }

    #[test]
    fn the_name_of_a_client_is_short_and_printable() {
        assert_eq!(
            client("panos-upgrade/0.1.0 (w-1)\r\n\u{e9}").as_deref(),
            Some("panos-upgrade/0.1.0 (w-1)")
        );
        assert_eq!(client(&"x".repeat(500)).map(|kept| kept.len()), Some(MAX_CLIENT));
        assert_eq!((client(""), client(" \u{7}")), (None, None));
    }
}
