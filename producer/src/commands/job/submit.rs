//! `job submit`: a job for one device.

use common::domain::device::Serial;
use common::domain::job::{JobState, JobType};
use common::ledger::{JobFilter, JobView, Ledger};

use crate::cli::QueueArgs;
use crate::context::{Context, known_device};
use crate::failure::Failure;
use crate::queue::{self, Mode, Report, Told};

/// What is said about upgrade jobs.
const COMES_LATER: &str =
    "upgrade jobs are known to locks and queues, and performing them comes in a later release";

/// Queues a download job, or prints what would be queued.
pub(crate) async fn download(context: &Context, serial: &str, args: &QueueArgs) -> anyhow::Result<u8> {
    let rules = queue::rules(context, &args.goal, args.pair.mode())?;
    let record = known_device(context.ledger().await?.as_ref(), serial).await?;
    if record.gone_at.is_some() {
        return Err(Failure::usage(format!("device {} is gone from the inventory", record.device.label()))
            .hint("`panos-upgrade device discover` brings it back when Panorama shows it again")
            .into());
    }
    let mode = Mode::of(args.dry_run);
    let report = queue::devices(context, vec![record.device], &rules, mode, args.reason.as_deref()).await?;
    context.output.print(&report, Report::page)?;
    Ok(report.code_of_one())
}

/// Refuses an upgrade job: for the job that holds the device where there is one, else because nobody could
/// perform it yet.
pub(crate) async fn upgrade(context: &Context, serial: &str) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let device = known_device(ledger.as_ref(), serial).await?.device;
    let refusal = match holder(ledger.as_ref(), &device.serial).await? {
        Some(JobView { id, job_type: JobType::DownloadOnly, state, .. }) => Failure::usage(format!(
            "device {} is held by download_only job {id}, which is {state}: an upgrade never runs beside it; besides, \
             {COMES_LATER}",
            device.label()
        ))
        .hint(format!("`panos-upgrade job cancel {id} --reason TEXT` frees the device")),
        Some(JobView { id, job_type: JobType::Upgrade, state, .. }) => Failure::usage(format!(
            "device {} has upgrade job {id} already, which is {state}; {COMES_LATER}",
            device.label()
        ))
        .hint(format!("`panos-upgrade job cancel {id} --reason TEXT` takes it back")),
        None => Failure::usage(format!("nothing was queued for {}: {COMES_LATER}", device.label()))
            .hint("--download-only brings the images and installs nothing"),
    };
    Err(refusal.into())
}

/// The job that holds the device's lock.
async fn holder(ledger: &dyn Ledger, serial: &Serial) -> anyhow::Result<Option<JobView>> {
    let states = JobState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let filter = JobFilter { states, serial: Some(serial.clone()), ..JobFilter::default() };
    Ok(ledger.jobs(&filter, 1).await?.pop())
}
