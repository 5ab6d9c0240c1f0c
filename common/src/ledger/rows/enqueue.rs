//! Which wishes of a batch become jobs, and what each of them is answered.

use std::collections::{BTreeMap, HashMap};

use crate::domain::device::Serial;
use crate::domain::job::{JobId, JobSpec, JobState, JobType};
use crate::domain::version::Version;
use crate::ledger::EnqueueAnswer;

/// The job that holds a device's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub job: JobId,
    pub job_type: JobType,
    pub state: JobState,
}

/// What happened to one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The first wish for it became this job.
    Created(JobId),
    /// A job was there.
    Held(Holder),
    /// An image of this version is not the trusted one.
    Mismatch(Version),
}

/// What keeps a device from a new job: a job first, for it may be the one that found the mismatch.
pub fn kept_by(holder: Option<Holder>, mismatch: Option<Version>) -> Option<Outcome> {
    holder.map(Outcome::Held).or(mismatch.map(Outcome::Mismatch))
}

/// The first wish for each device, in order of the serials.
pub fn first_per_device(jobs: &[JobSpec]) -> Vec<&JobSpec> {
    let mut first = BTreeMap::new();
    for spec in jobs {
        first.entry(&spec.serial).or_insert(spec);
    }
    first.into_values().collect()
}

/// The answer to every wish, in their order. A device without an outcome is not in the inventory.
pub fn answers(jobs: &[JobSpec], mut outcomes: HashMap<Serial, Outcome>) -> Vec<(Serial, EnqueueAnswer)> {
    jobs.iter()
        .map(|spec| {
            let answer = match outcomes.get(&spec.serial).copied() {
                None => EnqueueAnswer::UnknownDevice,
                Some(Outcome::Created(job)) => {
                    // From here on it holds the lock, for later wishes of the same batch as well.
                    let holder = Holder { job, job_type: spec.job_type, state: JobState::Available };
                    outcomes.insert(spec.serial.clone(), Outcome::Held(holder));
                    EnqueueAnswer::Created { job }
                }
                Some(Outcome::Held(Holder { job, job_type, state })) if job_type == spec.job_type => {
                    EnqueueAnswer::Existing { job, state }
                }
                Some(Outcome::Held(Holder { job, job_type, state })) => {
                    EnqueueAnswer::Conflict { job, job_type, state }
                }
                Some(Outcome::Mismatch(version)) => EnqueueAnswer::Mismatch { version },
            };
            (spec.serial.clone(), answer)
        })
        .collect()
}
