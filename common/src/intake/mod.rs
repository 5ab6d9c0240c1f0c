//! Wishes become jobs: what the command line, the API and commands over AMQP have in common.
//!
//! | module | holds |
//! |---|---|
//! | [`submission`] | what a program may ask for, read from JSON |
//! | `object` | a JSON object, each of its fields once |
//! | [`plan`] | from a device and a goal to a job, or the reason why there is none |
//! | [`pairs`] | HA pairs among devices |
//! | [`report`] | what became of each device |
//!
//! Promises: set-based, a thousand devices per transaction, in order of their serials, those that stand by in an
//! HA pair before the others; doing it again queues nothing twice. A dry run takes the same way and turns back
//! before the first write. An [`Intake`] that is a repeat finds the jobs of its batch and reports them as its own, so
//! that a crash in the middle loses neither a job nor the answer.
//! Leaves to others: which devices, printing, publishing (the relay), performing (`worker`).

mod dry_run;
mod object;
pub mod pairs;
pub mod plan;
pub mod report;
mod sharing;
pub mod submission;

use std::collections::HashMap;

pub use object::object;
pub use plan::{Rules, Wanted, decide};
pub use report::{Fault, Report};
pub use submission::Submission;

use self::plan::Planned;
use self::report::{Queued, Skipped};
use crate::domain::device::{Device, Serial};
use crate::domain::job::{BatchId, JobId, JobSpec, JobState, PairMode, Requester};
use crate::domain::path::Goal;
use crate::ledger::{Batch, ENQUEUE_CHUNK, EnqueueAnswer, JobFilter, JobView, Ledger, LedgerError};

/// More than any fleet has devices; each has at most one active job.
const ALL: u32 = 1_000_000;

/// Whether to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema)]
pub enum Mode {
    /// Tell what would happen.
    DryRun,
    /// Do it.
    Enqueue,
}

impl Mode {
    /// What the option says.
    #[must_use]
    pub fn of(dry_run: bool) -> Self {
        if dry_run { Self::DryRun } else { Self::Enqueue }
    }
}

/// One command's way into the ledger.
pub struct Intake<'a> {
    ledger: &'a dyn Ledger,
    by: &'a Requester,
    batch: BatchId,
    is_repeat: bool,
    progress: &'a (dyn Fn(usize, usize) + Send + Sync),
}

impl<'a> Intake<'a> {
    /// A command that was never given before.
    #[must_use]
    pub fn new(ledger: &'a dyn Ledger, by: &'a Requester) -> Self {
        Self { ledger, by, batch: BatchId::new(), is_repeat: false, progress: &|_, _| () }
    }

    /// A command whose batch has a name already. Where it `is_repeat`, an earlier run may have queued some of its jobs.
    #[must_use]
    pub fn named(self, batch: BatchId, is_repeat: bool) -> Self {
        Self { batch, is_repeat, ..self }
    }

    /// Tells how many jobs more were written, of how many in all.
    #[must_use]
    pub fn telling(self, progress: &'a (dyn Fn(usize, usize) + Send + Sync)) -> Self {
        Self { progress, ..self }
    }

    /// Queues one job per device, or says why not.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`]; whole chunks may be queued then.
    pub async fn devices(
        &self,
        devices: Vec<Device>,
        rules: &Rules,
        mode: Mode,
    ) -> Result<Report, LedgerError> {
        let mut report = Report::new(mode);
        let mut earlier = self.earlier(mode).await?;
        let (mut planned, mut not_planned) = (Vec::new(), HashMap::new());
        for device in devices {
            if let Some(job) = earlier.remove(&device.serial) {
                report.queue(Queued { serial: device.serial, hostname: device.hostname, job_id: job.id });
                continue;
            }
            match decide(device, None, rules) {
                Ok(job) => planned.push(job),
                Err(not) => {
                    not_planned.insert(not.device.serial.clone(), not.reason);
                    report.skip(Skipped::not_planned(*not));
                }
            }
        }
        // What an earlier run queued is queued, also where the selection has moved on.
        for (serial, job) in earlier {
            report.queue(Queued { serial, hostname: job.hostname, job_id: job.id });
        }
        if rules.pair == PairMode::Sync {
            planned = self.synchronised(planned, &not_planned, &mut report).await?;
        }
        let in_order = sharing::standby_first(planned);
        match mode {
            Mode::DryRun => {
                let planned = in_order.into_iter().flatten().collect();
                dry_run::add(self.ledger, planned, &mut report).await?;
            }
            Mode::Enqueue if in_order.iter().all(Vec::is_empty) => {}
            Mode::Enqueue => {
                let hostnames = in_order
                    .iter()
                    .flatten()
                    .map(|job| (job.spec.serial.clone(), job.device.hostname.clone()))
                    .collect();
                let specs = in_order.map(|jobs| jobs.into_iter().map(|job| job.spec).collect());
                self.write(specs.into(), hostnames, &mut report).await?;
            }
        }
        if report.has_new_jobs() {
            report.batch_id = Some(self.batch);
        }
        report.sort();
        Ok(report)
    }

    /// Queues exactly this job; the device's plan is its worker's business.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    pub async fn one(&self, spec: JobSpec, hostname: String) -> Result<Report, LedgerError> {
        let mut report = Report::new(Mode::Enqueue);
        if let Some(job) = self.earlier(Mode::Enqueue).await?.remove(&spec.serial) {
            report.batch_id = Some(self.batch);
            report.queue(Queued { serial: spec.serial, hostname, job_id: job.id });
            return Ok(report);
        }
        let hostnames = HashMap::from([(spec.serial.clone(), hostname)]);
        self.write(vec![vec![spec]], hostnames, &mut report).await?;
        Ok(report)
    }

    /// What an earlier run of this command queued.
    async fn earlier(&self, mode: Mode) -> Result<HashMap<Serial, JobView>, LedgerError> {
        if mode == Mode::DryRun || !self.is_repeat {
            return Ok(HashMap::new());
        }
        let filter = JobFilter { batch: Some(self.batch), ..JobFilter::default() };
        let jobs = self.ledger.jobs(&filter, ALL).await?;
        Ok(jobs.into_iter().map(|job| (job.serial.clone(), job)).collect())
    }

    /// Takes out the members of pairs that cannot share their work, and reports them.
    async fn synchronised(
        &self,
        planned: Vec<Planned>,
        not_planned: &HashMap<Serial, &'static str>,
        report: &mut Report,
    ) -> Result<Vec<Planned>, LedgerError> {
        let inventory: Vec<Device> =
            self.ledger.devices().await?.into_iter().map(|record| record.device).collect();
        let mut holders: HashMap<Serial, JobId> =
            holders(self.ledger).await?.into_iter().map(|(serial, job)| (serial, job.id)).collect();
        // The peer that an earlier run queued is no stranger to this one.
        for job in &report.jobs {
            holders.remove(&job.serial);
        }
        let around = sharing::Around { inventory: &inventory, not_planned, holders: &holders };
        let (kept, apart) = sharing::synchronised(planned, &around);
        for apart in apart {
            report.skip(Skipped::apart(apart));
        }
        Ok(kept)
    }

    /// Queues groups of jobs as one batch, one group after the other.
    async fn write(
        &self,
        groups: Vec<Vec<JobSpec>>,
        mut hostnames: HashMap<Serial, String>,
        report: &mut Report,
    ) -> Result<(), LedgerError> {
        let goals: HashMap<Serial, Goal> =
            groups.iter().flatten().map(|spec| (spec.serial.clone(), spec.goal.clone())).collect();
        report.batch_id = Some(self.batch);
        (self.progress)(0, goals.len());
        let mut answers = Vec::new();
        for mut specs in groups {
            while !specs.is_empty() {
                let jobs: Vec<JobSpec> = specs.drain(..specs.len().min(ENQUEUE_CHUNK)).collect();
                let n = jobs.len();
                let batch = Batch { id: self.batch, by: self.by.clone(), jobs };
                answers.extend(self.ledger.enqueue(&batch).await?);
                (self.progress)(n, goals.len());
            }
        }
        let is_held = answers.iter().any(|(_, answer)| matches!(answer, EnqueueAnswer::Existing { .. }));
        let holders = if is_held { holders(self.ledger).await? } else { HashMap::new() };
        for (serial, answer) in answers {
            let hostname = hostnames.remove(&serial).unwrap_or_default();
            match answer {
                EnqueueAnswer::Created { job } => report.queue(Queued { serial, hostname, job_id: job }),
                EnqueueAnswer::Existing { job, state } => {
                    // A job that ended meanwhile is not among them, and its goal does not matter any more.
                    let holder = holders.get(&serial).filter(|holder| holder.id == job);
                    let other =
                        holder.map(|holder| &holder.goal).filter(|goal| goals.get(&serial) != Some(*goal));
                    report.skip(Skipped::existing(serial, hostname, job, state, other));
                }
                EnqueueAnswer::Conflict { job, job_type, state } => {
                    report.skip(Skipped::conflict(serial, hostname, job, job_type, state));
                }
                EnqueueAnswer::Mismatch { version } => {
                    report.skip(Skipped::mismatch(serial, hostname, &version));
                }
                EnqueueAnswer::UnknownDevice => report.fault(Fault::unknown_device(&serial, None)),
            }
        }
        Ok(())
    }
}

/// The wish of an ended job, once more. A copy from the peer was the business of a batch that is over.
#[must_use]
pub fn repeat_of(job: &JobView, asked: Option<PairMode>, max_attempts: u32) -> JobSpec {
    JobSpec {
        serial: job.serial.clone(),
        job_type: job.job_type,
        goal: job.goal.clone(),
        max_attempts,
        retry_of: Some(job.id),
        pair: match asked.unwrap_or(job.pair) {
            PairMode::Sync | PairMode::InTurn => PairMode::InTurn,
            PairMode::AtOnce => PairMode::AtOnce,
        },
    }
}

/// The job that holds each device.
async fn holders(ledger: &dyn Ledger) -> Result<HashMap<Serial, JobView>, LedgerError> {
    let states = JobState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let filter = JobFilter { states, ..JobFilter::default() };
    let jobs = ledger.jobs(&filter, ALL).await?;
    Ok(jobs.into_iter().map(|job| (job.serial.clone(), job)).collect())
}
