//! Numbers per box: what was asked, how often, at once, and for each image how much asking it took.
//!
//! Leaves to others: the order of things, which is the journal's ([`crate::journal`]).

mod image;

pub use image::ImageCalls;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::version::Version;
use crate::word::Word;

/// Locks; a panic elsewhere leaves numbers that are still numbers.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers of one box.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BoxCounters {
    /// Every request.
    pub calls: u64,
    /// Requests by kind.
    pub commands: BTreeMap<Word, u64>,
    /// Accepted download commands by version.
    pub downloads: BTreeMap<Version, u64>,
    /// What each image that was asked for has cost.
    pub images: BTreeMap<Version, ImageCalls>,
    /// The most requests that were being answered at once.
    pub max_parallel_calls: u32,
    /// Requests being answered now.
    #[serde(skip)]
    pub parallel_calls: u32,
    /// Connections that were made.
    pub connections: u64,
    /// Connections that are open.
    pub open_connections: u32,
    /// The image that requests are counted for.
    #[serde(skip)]
    tracked: Option<Version>,
    /// What was asked before.
    #[serde(skip)]
    last: Option<Word>,
}

impl BoxCounters {
    /// Forgets everything but the requests that are being answered and the connections that are open.
    pub fn reset(&mut self) {
        let (parallel_calls, open_connections) = (self.parallel_calls, self.open_connections);
        *self =
            Self { parallel_calls, max_parallel_calls: parallel_calls, open_connections, ..Self::default() };
    }

    /// A download of `version` was accepted. The look at the list right before it counts as its first request.
    /// Answers how often it has been accepted now.
    pub fn asked(&mut self, version: Version, now: Moment) -> u64 {
        let n_asked = self.downloads.entry(version).or_default();
        *n_asked += 1;
        let n_asked = *n_asked;
        let looked = matches!(self.last, Some(Word::SoftwareInfo));
        self.images.entry(version).or_insert_with(|| ImageCalls::asked(now, looked)).ask_again();
        self.tracked = Some(version);
        n_asked
    }

    /// A request was answered, after whatever it did; `last_end` is the download that ended last on the device.
    pub fn follow(&mut self, word: Word, now: Moment, last_end: Option<(Version, Moment)>) {
        let Some(version) = self.tracked else { return };
        let Some(image) = self.images.get_mut(&version) else { return };
        if let Some((_, at)) = last_end.filter(|(ended, _)| *ended == version) {
            image.ended(at);
        }
        if matches!(word, Word::SoftwareInfo | Word::SoftwareCheck) && image.noticed(now) {
            self.tracked = None;
        }
    }

    fn count(&mut self, word: Word) {
        self.calls += 1;
        *self.commands.entry(word).or_default() += 1;
        if let Some(image) = self.tracked.and_then(|version| self.images.get_mut(&version)) {
            image.count(word);
        }
        if word == Word::Download {
            // Whether it belongs to the tracked image or begins another is known when it is accepted.
            return;
        }
        self.last = Some(word);
    }
}

/// Counts one request for as long as it is being answered.
#[derive(Debug)]
pub struct InFlight<'a> {
    counters: &'a Mutex<BoxCounters>,
    /// How many were being answered when it came, itself included.
    pub parallel_calls: u32,
}

impl<'a> InFlight<'a> {
    /// Begins a request.
    pub fn begin(counters: &'a Mutex<BoxCounters>, word: Word) -> Self {
        let mut numbers = lock(counters);
        numbers.count(word);
        numbers.parallel_calls += 1;
        numbers.max_parallel_calls = numbers.max_parallel_calls.max(numbers.parallel_calls);
        Self { parallel_calls: numbers.parallel_calls, counters }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut numbers = lock(self.counters);
        numbers.parallel_calls = numbers.parallel_calls.saturating_sub(1);
    }
}

/// Counts one connection for as long as it is open.
#[derive(Debug)]
pub struct OpenConnection<'a> {
    counters: &'a Mutex<BoxCounters>,
}

impl<'a> OpenConnection<'a> {
    /// Begins a connection.
    pub fn begin(counters: &'a Mutex<BoxCounters>) -> Self {
        let mut numbers = lock(counters);
        numbers.connections += 1;
        numbers.open_connections += 1;
        Self { counters }
    }
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        let mut numbers = lock(self.counters);
        numbers.open_connections = numbers.open_connections.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Moment {
        Moment::from_ms(s * 1_000)
    }

    #[test]
    fn the_most_parallel_calls_are_remembered_after_they_end() {
        let counters = Mutex::new(BoxCounters::default());
        {
            let _first = InFlight::begin(&counters, Word::Job);
            let second = InFlight::begin(&counters, Word::Job);
            assert_eq!(second.parallel_calls, 2);
        }
        let numbers = lock(&counters).clone();
        assert_eq!((numbers.parallel_calls, numbers.max_parallel_calls), (0, 2));
        assert_eq!(numbers.commands[&Word::Job], 2);
    }

    #[test]
    fn an_image_costs_what_was_asked_from_the_look_before_to_the_look_after() {
        let counters = Mutex::new(BoxCounters::default());
        let version = "12.1.2".parse().unwrap();
        let ask = |word| drop(InFlight::begin(&counters, word));
        for word in [Word::SystemInfo, Word::SoftwareInfo, Word::Download] {
            ask(word);
        }
        lock(&counters).asked(version, at(10));
        for s in [12, 14, 16] {
            ask(Word::Job);
            lock(&counters).follow(Word::Job, at(s), (s > 15).then_some((version, at(15))));
        }
        for _ in 0..2 {
            ask(Word::SoftwareInfo);
            lock(&counters).follow(Word::SoftwareInfo, at(17), Some((version, at(15))));
        }
        let image = lock(&counters).images[&version].clone();
        assert_eq!(image.calls(), 6, "{image:?}: two looks, the request, three questions");
        assert_eq!((image.length(), image.late()), (Some(at(5).since(at(0))), Some(at(2).since(at(0)))));
    }

    #[test]
    fn open_connections_outlive_a_reset() {
        let counters = Mutex::new(BoxCounters::default());
        let open = OpenConnection::begin(&counters);
        lock(&counters).reset();
        let numbers = lock(&counters).clone();
        assert_eq!((numbers.connections, numbers.open_connections), (0, 1));
        drop(open);
        assert_eq!(lock(&counters).open_connections, 0);
    }
}
