//! How often was asked for what: the numbers that tests and the courtesy rules are checked against.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::version::Version;
use crate::word::Word;

/// Locks; a panic elsewhere leaves numbers that are still numbers.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers of one box.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BoxCounters {
    /// Requests by kind.
    pub commands: BTreeMap<Word, u64>,
    /// Accepted download commands by version.
    pub downloads: BTreeMap<Version, u64>,
    /// The most requests that were being answered at once.
    pub max_parallel_calls: u32,
    /// Requests being answered now.
    #[serde(skip)]
    pub parallel_calls: u32,
}

impl BoxCounters {
    /// Forgets everything but the requests that are being answered.
    pub fn reset(&mut self) {
        let parallel_calls = self.parallel_calls;
        *self = Self { parallel_calls, max_parallel_calls: parallel_calls, ..Self::default() };
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
        *numbers.commands.entry(word).or_default() += 1;
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
