//! Jobs into the ledger: what `queue-all`, `from-csv`, `submit` and `retry` share.
//!
//! Promises: set-based, a thousand devices per transaction, in order of their serials, those that stand by in an
//! HA pair before the others; doing it again queues nothing twice. A dry run takes the same way and turns back
//! before the first write. Leaves to others: which devices ([`crate::commands`]), what each of them needs
//! ([`crate::plan`]), performing (`worker`).

mod dry_run;
mod goal;
mod report;
mod sharing;

use std::collections::HashMap;
use std::time::Duration;

use common::domain::device::{Device, Serial};
use common::domain::hold::PauseScope;
use common::domain::job::{BatchId, JobId, JobSpec, JobState, PairMode};
use common::domain::path::Goal;
use common::engine::Engine;
use common::ledger::{Batch, ENQUEUE_CHUNK, EnqueueAnswer, JobFilter, JobView, Ledger};
use common::report::Chain;
use worker::relay::Relay;

pub(crate) use goal::rules;
pub(crate) use report::{Fault, Report};
use report::{Queued, Skipped};

use crate::context::Context;
use crate::output::note;
use crate::plan::{self, Planned, Rules};
use crate::progress::Progress;
use crate::requester::requester;

/// Time for publishing right after the commit. What is left then, workers publish.
const FLUSH_WITHIN: Duration = Duration::from_secs(10);

/// More than any fleet has devices; each has at most one active job.
const ALL: u32 = 1_000_000;

/// Whether to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Print what would happen.
    DryRun,
    /// Do it.
    Enqueue,
}

impl Mode {
    /// What the option says.
    pub(crate) fn of(dry_run: bool) -> Self {
        if dry_run { Self::DryRun } else { Self::Enqueue }
    }
}

/// Queues one job per device, or says why not.
pub(crate) async fn devices(
    context: &Context,
    devices: Vec<Device>,
    rules: &Rules,
    mode: Mode,
    reason: Option<&str>,
) -> anyhow::Result<Report> {
    let mut report = Report::new(mode);
    let (mut planned, mut not_planned) = (Vec::new(), HashMap::new());
    for device in devices {
        match plan::decide(device, None, rules) {
            Ok(job) => planned.push(job),
            Err(not) => {
                not_planned.insert(not.device.serial.clone(), not.reason);
                report.skip(Skipped::not_planned(*not));
            }
        }
    }
    if rules.pair == PairMode::Sync {
        planned = synchronised(context, planned, &not_planned, &mut report).await?;
    }
    let in_order = sharing::standby_first(planned);
    match mode {
        Mode::DryRun => {
            let planned = in_order.into_iter().flatten().collect();
            dry_run::add(context.ledger().await?.as_ref(), planned, &mut report).await?;
        }
        Mode::Enqueue if in_order.iter().all(Vec::is_empty) => {}
        Mode::Enqueue => {
            let hostnames = in_order
                .iter()
                .flatten()
                .map(|job| (job.spec.serial.clone(), job.device.hostname.clone()))
                .collect();
            let specs = in_order.map(|jobs| jobs.into_iter().map(|job| job.spec).collect());
            enqueue(context, specs.into(), reason, hostnames, &mut report).await?;
        }
    }
    report.sort();
    Ok(report)
}

/// Takes out the members of pairs that cannot share their work, and reports them.
async fn synchronised(
    context: &Context,
    planned: Vec<Planned>,
    not_planned: &HashMap<Serial, &'static str>,
    report: &mut Report,
) -> anyhow::Result<Vec<Planned>> {
    let ledger = context.ledger().await?;
    let inventory: Vec<Device> = ledger.devices().await?.into_iter().map(|record| record.device).collect();
    let holders: HashMap<Serial, JobId> =
        holders(ledger.as_ref()).await?.into_iter().map(|(serial, job)| (serial, job.id)).collect();
    let around = sharing::Around { inventory: &inventory, not_planned, holders: &holders };
    let (kept, apart) = sharing::synchronised(planned, &around);
    for apart in apart {
        report.skip(Skipped::apart(apart));
    }
    Ok(kept)
}

/// Queues exactly this job; the device's plan is its worker's business.
pub(crate) async fn one(
    context: &Context,
    spec: JobSpec,
    hostname: String,
    reason: Option<&str>,
) -> anyhow::Result<Report> {
    let mut report = Report::new(Mode::Enqueue);
    let hostnames = HashMap::from([(spec.serial.clone(), hostname)]);
    enqueue(context, vec![vec![spec]], reason, hostnames, &mut report).await?;
    Ok(report)
}

/// Queues groups of jobs as one batch, one group after the other.
async fn enqueue(
    context: &Context,
    groups: Vec<Vec<JobSpec>>,
    reason: Option<&str>,
    mut hostnames: HashMap<Serial, String>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let engine = context.engine().await?;
    let goals: HashMap<Serial, Goal> =
        groups.iter().flatten().map(|spec| (spec.serial.clone(), spec.goal.clone())).collect();
    let (id, by) = (BatchId::new(), requester(reason));
    report.batch_id = Some(id);
    let progress = Progress::of(goals.len(), "queueing");
    let mut answers = Vec::new();
    for mut specs in groups {
        while !specs.is_empty() {
            let jobs: Vec<JobSpec> = specs.drain(..specs.len().min(ENQUEUE_CHUNK)).collect();
            let n = jobs.len();
            answers.extend(engine.ledger.enqueue(&Batch { id, by: by.clone(), jobs }).await?);
            progress.add(n);
        }
    }
    drop(progress);
    let is_held = answers.iter().any(|(_, answer)| matches!(answer, EnqueueAnswer::Existing { .. }));
    let holders = if is_held { holders(engine.ledger.as_ref()).await? } else { HashMap::new() };
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
    if report.has_new_jobs() {
        note_what_waits(engine.ledger.as_ref()).await;
    }
    publish(context, engine).await;
    Ok(())
}

/// Tells why new jobs will not begin. A look that fails costs the note; what is queued is queued and has to be reported.
async fn note_what_waits(ledger: &dyn Ledger) {
    if let Ok(Some(hold)) = ledger.hold().await {
        note(&format!(
            "note: the fleet is held ({}), so new jobs wait; `panos-upgrade fleet resume --reason TEXT` lets them begin",
            hold.reason
        ));
    }
    for pause in ledger.pauses().await.unwrap_or_default() {
        if let PauseScope::Queue(job_type) = pause.scope {
            note(&format!(
                "note: the queue {job_type} is paused ({}), so its new jobs wait; `panos-upgrade fleet resume --queue {job_type} --reason TEXT` lets them begin",
                pause.reason
            ));
        }
    }
}

/// The job that holds each device.
async fn holders(ledger: &dyn Ledger) -> anyhow::Result<HashMap<Serial, JobView>> {
    let states = JobState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let filter = JobFilter { states, ..JobFilter::default() };
    let jobs = ledger.jobs(&filter, ALL).await?;
    Ok(jobs.into_iter().map(|job| (job.serial.clone(), job)).collect())
}

/// Wakes workers now instead of when they look. Never an error: what is committed is not lost.
pub(crate) async fn publish(context: &Context, engine: Engine) {
    let relay = Relay::new(engine, context.config.relay.every, context.config.relay.window);
    // A round that the broker delays is cut; its rows come free again for the next relay.
    let left = match tokio::time::timeout(FLUSH_WITHIN, relay.flush(FLUSH_WITHIN)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => Chain(&error).to_string(),
        Err(_) => format!("no answer within {FLUSH_WITHIN:?}"),
    };
    note(&format!(
        "note: not announced yet ({left}); what is queued is safe, and workers announce it as soon as they can"
    ));
}
