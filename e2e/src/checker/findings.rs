//! What should not be, sorted by what people ask first.
//!
//! Promises: every finding keeps the invariant that it breaks. Leaves to others: how it is shown.

use serde::Serialize;

/// Everything that a check found; empty when all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Jobs that are nowhere, or never end (I1).
    pub lost: Vec<String>,
    /// Downloads that nobody needed.
    pub duplicated: Vec<String>,
    /// Events that the log lacks (I6).
    pub missing_events: Vec<String>,
    /// Whatever else, with the invariant that it breaks.
    pub other: Vec<(&'static str, String)>,
}

impl Findings {
    /// Whether all is well.
    pub fn is_empty(&self) -> bool {
        self.n() == 0
    }

    /// How many there are.
    pub fn n(&self) -> usize {
        let Self { lost, duplicated, missing_events, other } = self;
        lost.len() + duplicated.len() + missing_events.len() + other.len()
    }

    /// Adds those of another check.
    pub fn merge(&mut self, more: Self) {
        self.lost.extend(more.lost);
        self.duplicated.extend(more.duplicated);
        self.missing_events.extend(more.missing_events);
        self.other.extend(more.other);
    }

    /// One line each, the invariant first.
    pub fn lines(&self) -> Vec<String> {
        let of = |name: &'static str, list: &[String]| -> Vec<String> {
            list.iter().map(|text| format!("{name}: {text}")).collect()
        };
        let other = self.other.iter().map(|(name, text)| format!("{name}: {text}")).collect();
        [of("I1", &self.lost), of("twice", &self.duplicated), of("I6", &self.missing_events), other].concat()
    }

    pub(super) fn lost(&mut self, text: impl Into<String>) {
        self.lost.push(text.into());
    }

    pub(super) fn duplicated(&mut self, text: impl Into<String>) {
        self.duplicated.push(text.into());
    }

    pub(super) fn missing_event(&mut self, text: impl Into<String>) {
        self.missing_events.push(text.into());
    }

    pub(super) fn other(&mut self, invariant: &'static str, text: impl Into<String>) {
        self.other.push((invariant, text.into()));
    }
}
