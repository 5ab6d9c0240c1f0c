//! Jobs into the ledger: what `queue-all`, `from-csv`, `submit` and `retry` share.
//!
//! Promises: publishes right after the commit, and tells why new jobs wait where they do. Leaves to others: deciding
//! and queueing ([`common::intake`]), which devices ([`crate::commands`]), performing (`worker`).

mod goal;
mod report;

use common::intake::plan::Rules;
use std::sync::OnceLock;
use std::time::Duration;

use common::domain::device::Device;
use common::domain::hold::PauseScope;
use common::domain::job::JobSpec;
use common::engine::Engine;
use common::intake::Intake;
pub(crate) use common::intake::{Fault, Mode, Report};
use common::ledger::Ledger;
use common::report::Chain;
use worker::relay::Relay;

pub(crate) use goal::rules;
pub(crate) use report::Told;

use crate::context::Context;
use crate::output::note;
use crate::progress::Progress;
use crate::requester::requester;

/// Time for publishing right after the commit. What is left then, workers publish.
const FLUSH_WITHIN: Duration = Duration::from_secs(10);

/// Queues one job per device, or says why not.
pub(crate) async fn devices(
    context: &Context,
    devices: Vec<Device>,
    rules: &Rules,
    mode: Mode,
    reason: Option<&str>,
) -> anyhow::Result<Report> {
    let by = requester(reason);
    match mode {
        Mode::DryRun => {
            let ledger = context.ledger().await?;
            Ok(Intake::new(ledger.as_ref(), &by).devices(devices, rules, mode).await?)
        }
        Mode::Enqueue => {
            let engine = context.engine().await?;
            let report = {
                let bar = OnceLock::new();
                let tell = progress(&bar);
                let intake = Intake::new(engine.ledger.as_ref(), &by).telling(&tell);
                intake.devices(devices, rules, mode).await?
            };
            announce(context, engine, &report).await;
            Ok(report)
        }
    }
}

/// Queues exactly this job; the device's plan is its worker's business.
pub(crate) async fn one(
    context: &Context,
    spec: JobSpec,
    hostname: String,
    reason: Option<&str>,
) -> anyhow::Result<Report> {
    let by = requester(reason);
    let engine = context.engine().await?;
    let report = Intake::new(engine.ledger.as_ref(), &by).one(spec, hostname).await?;
    announce(context, engine, &report).await;
    Ok(report)
}

/// A bar that appears with the first word and goes with its owner.
fn progress(bar: &OnceLock<Progress>) -> impl Fn(usize, usize) + Send + Sync + '_ {
    move |n, total| bar.get_or_init(|| Progress::of(total, "queueing")).add(n)
}

/// Publishes what was queued; says so where it has to wait.
async fn announce(context: &Context, engine: Engine, report: &Report) {
    if report.has_new_jobs() {
        note_what_waits(engine.ledger.as_ref()).await;
    }
    if report.batch_id.is_some() {
        publish(context, engine).await;
    }
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
