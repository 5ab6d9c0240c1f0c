//! `job show`: one job with its images and its attempts.

use common::ledger::{AttemptView, ImageView, JobView};
use serde::Serialize;

use crate::context::{Context, known_job};
use crate::exit;
use crate::output::{Page, Table, size, time};

/// A job, and everything that was done for it.
#[derive(Serialize)]
struct Shown {
    job: JobView,
    images: Vec<ImageView>,
    attempts: Vec<AttemptView>,
}

/// Shows one job.
pub(crate) async fn run(context: &Context, id: i64) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let job = known_job(ledger.as_ref(), id).await?;
    let (images, attempts) = (ledger.images(job.id).await?, ledger.attempts(job.id).await?);
    context.output.print(&Shown { job, images, attempts }, page)?;
    Ok(exit::OK)
}

fn page(Shown { job, images, attempts }: &Shown, page: &mut Page) {
    page.facts(&facts(job));
    let mut table = Table::new(["IMAGE", "FILE", "SIZE", "STATE", "HASH", "WHY"]);
    for image in images {
        table.row([
            image.version.to_string(),
            image.file_name.as_ref().map(ToString::to_string).unwrap_or_default(),
            image.size_bytes.map(size).unwrap_or_default(),
            image.state.as_str().to_owned(),
            image.outcome.as_ref().map(|outcome| outcome.as_str().to_owned()).unwrap_or_default(),
            image.rule.clone(),
        ]);
    }
    let mut tries = Table::new(["ATTEMPT", "WORKER", "FROM", "UNTIL", "ENDING", "KIND", "MESSAGE"]);
    for attempt in attempts {
        tries.row([
            attempt.attempt.to_string(),
            attempt.worker.to_string(),
            time(attempt.started_at),
            attempt.ended_at.map(time).unwrap_or_default(),
            attempt.ending.clone().unwrap_or_default(),
            attempt.kind.map(|kind| kind.to_string()).unwrap_or_default(),
            attempt.message.clone().unwrap_or_default(),
        ]);
    }
    for table in [table, tries].iter().filter(|table| !table.is_empty()) {
        page.gap();
        page.table(table);
    }
    if let Some(kind) = job.failure_kind {
        page.gap();
        page.line(format!("remedy: {}", kind.remedy()));
    }
}

/// What there is to say of a job, for this page and the device's.
pub(crate) fn facts(job: &JobView) -> [(&'static str, Option<String>); 17] {
    let by = &job.requested_by;
    [
        ("job", Some(job.id.to_string())),
        (
            "device",
            Some(if job.hostname.is_empty() {
                job.serial.to_string()
            } else {
                format!("{} ({})", job.hostname, job.serial)
            }),
        ),
        ("type", Some(job.job_type.to_string())),
        ("goal", Some(job.goal.to_string())),
        ("state", Some(job.state.to_string())),
        ("progress", Some(format!("{} %", job.progress))),
        ("message", Some(job.message.clone())),
        ("failure", job.failure_kind.map(|kind| kind.to_string())),
        ("ready for install", Some(if job.ready_for_install { "yes" } else { "no" }.to_owned())),
        ("attempt", Some(format!("{} of {}", job.attempt, job.max_attempts))),
        ("worker", job.worker.as_ref().map(ToString::to_string)),
        ("requested by", Some(format!("{} on {}", by.operator, by.host))),
        ("reason", by.reason.clone()),
        (
            "cancel",
            job.cancel
                .as_ref()
                .map(|cancel| format!("asked for by {} at {}", cancel.by.operator, time(cancel.at))),
        ),
        ("repeats", job.retry_of.map(|of| format!("job {of}"))),
        ("queued", Some(time(job.created_at))),
        ("ended", job.ended_at.map(time)),
    ]
}
