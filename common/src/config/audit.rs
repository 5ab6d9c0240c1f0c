//! `[audit]`: how often the audit trail is tied together. Leaves to others: doing so (the ledger, asked by a worker).

use std::time::Duration;

use super::Field;
use super::problem::Problems;

/// `[audit]`.
#[derive(Debug, Clone)]
pub struct AuditConfig {
    /// Time between two anchors over the heads of all chains, while there are new entries. Default: 15m; what is
    /// cut off the end of a chain within that time is not missed, and an anchor reads one row per device.
    pub anchor_every: Duration,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { anchor_every: Duration::from_secs(15 * 60) }
    }
}

impl AuditConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![Field::new("audit.anchor_every", &mut self.anchor_every)]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.refuse_zero(&[("audit.anchor_every", self.anchor_every)]);
    }
}
