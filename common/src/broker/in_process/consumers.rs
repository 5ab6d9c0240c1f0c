//! Who takes wake-ups here.
//!
//! Promises: streams of this process that take deliveries now, by job type; a stream that is paused or dropped is
//! none. Other processes on the file are not seen: nothing in the file says that a process waits, and the beats of
//! its worker, which do, are the ledger's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::job::JobType;

/// The count, shared by a broker and its streams.
#[derive(Clone, Default)]
pub(super) struct Consumers(Arc<Mutex<BTreeMap<JobType, u32>>>);

impl Consumers {
    /// How many take this type now.
    pub(super) fn of(&self, job_type: JobType) -> u32 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&job_type).copied().unwrap_or_default()
    }

    /// One more, for as long as the answer lives.
    pub(super) fn join(&self, job_types: &[JobType]) -> Consumer {
        let consumer = Consumer { consumers: self.clone(), job_types: job_types.to_vec() };
        consumer.change(|n| n.saturating_add(1));
        consumer
    }
}

/// One stream that takes deliveries.
pub(super) struct Consumer {
    consumers: Consumers,
    job_types: Vec<JobType>,
}

impl Consumer {
    fn change(&self, to: impl Fn(u32) -> u32) {
        let mut counts = self.consumers.0.lock().unwrap_or_else(PoisonError::into_inner);
        for job_type in &self.job_types {
            let count = counts.entry(*job_type).or_default();
            *count = to(*count);
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.change(|n| n.saturating_sub(1));
    }
}
