//! `[relay]`: how the outbox gets to the broker.

use std::time::Duration;

use super::Field;
use super::problem::Problems;

/// Most rows per round: they are held in memory until their confirms are in, and sent again if one is lost.
const LARGEST_WINDOW: usize = 10_000;

/// `[relay]`.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Time between two looks at the outbox when nobody wakes the relay. Default: 1s.
    pub every: Duration,
    /// Rows per round, all published before the first confirm is waited for. Default: 1000.
    pub window: usize,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self { every: Duration::from_secs(1), window: 1000 }
    }
}

impl RelayConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![Field::new("relay.every", &mut self.every), Field::new("relay.window", &mut self.window)]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.refuse_zero(&[("relay.every", self.every)]);
        if !(1..=LARGEST_WINDOW).contains(&self.window) {
            problems.add("relay.window", self.window, format!("must be from 1 to {LARGEST_WINDOW}"));
        }
    }
}
