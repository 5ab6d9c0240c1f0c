//! What one image has cost on one device: requests, and how late its end was noticed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::word::Word;

/// From the first accepted request to the look at the list that shows the image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImageCalls {
    /// Requests by kind, the look before the first one included.
    pub commands: BTreeMap<Word, u64>,
    /// Accepted download requests.
    pub n_asked: u32,
    /// When the first one was accepted, in milliseconds since the start.
    pub asked_ms: u64,
    /// When the device's last download of it ended, well or badly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    /// When the list was first looked at after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_ms: Option<u64>,
}

impl ImageCalls {
    pub(super) fn asked(now: Moment, looked: bool) -> Self {
        let commands = looked.then_some((Word::SoftwareInfo, 1)).into_iter().collect();
        Self { commands, n_asked: 0, asked_ms: now.ms(), ended_ms: None, noticed_ms: None }
    }

    /// The request itself, the first time and again.
    pub(super) fn ask_again(&mut self) {
        self.n_asked += 1;
        self.ended_ms = None;
        self.noticed_ms = None;
        *self.commands.entry(Word::Download).or_default() += 1;
    }

    pub(super) fn count(&mut self, word: Word) {
        if word != Word::Download {
            *self.commands.entry(word).or_default() += 1;
        }
    }

    pub(super) fn ended(&mut self, at: Moment) {
        if at.ms() >= self.asked_ms {
            self.ended_ms = Some(at.ms());
        }
    }

    /// A look at the list; whether it is the one that shows the end.
    pub(super) fn noticed(&mut self, now: Moment) -> bool {
        if self.ended_ms.is_some() && self.noticed_ms.is_none() {
            self.noticed_ms = Some(now.ms());
        }
        self.noticed_ms.is_some()
    }

    /// Every request.
    pub fn calls(&self) -> u64 {
        self.commands.values().sum()
    }

    /// How long the download took, if it has ended.
    pub fn length(&self) -> Option<Duration> {
        Some(Duration::from_millis(self.ended_ms?.saturating_sub(self.asked_ms)))
    }

    /// How long after its end the list was looked at.
    pub fn late(&self) -> Option<Duration> {
        Some(Duration::from_millis(self.noticed_ms?.saturating_sub(self.ended_ms?)))
    }
}
