//! `job show`: one job with its images, its attempts, its place in an HA pair, and what went wrong where.

use common::audit::{AuditAction, EntryBody, StoredEntry};
use common::domain::device::Serial;
use common::domain::job::{JobState, PairMode};
use common::domain::status::StatusError;
use common::intake::pairs;
use common::ledger::{AttemptView, ImageView, JobFilter, JobView, Ledger, TrailFilter};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::commands::audit::pages;
use crate::context::{Context, known_job};
use crate::exit;
use crate::output::{Page, Table, size, time};

/// A job, and everything that was done for it.
#[derive(Serialize)]
struct Shown {
    job: JobView,
    /// Its place in an HA pair; `null` for a device that is alone.
    pair: Option<PairView>,
    images: Vec<ImageView>,
    attempts: Vec<AttemptView>,
    /// What went wrong in which phase, the last ones.
    errors: Vec<StatusError>,
    /// When the device went silent during a download and came back.
    silences: Vec<Silence>,
}

/// How the job shares its work with the HA peer's.
#[derive(Serialize)]
struct PairView {
    peer: Serial,
    mode: PairMode,
    /// In one sentence.
    role: String,
}

/// A silence that the device came back from.
#[derive(Serialize)]
struct Silence {
    at: Timestamp,
    /// What was seen.
    detail: Value,
}

/// Shows one job.
pub(crate) async fn run(context: &Context, id: i64) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let job = known_job(ledger.as_ref(), id).await?;
    let (images, attempts) = (ledger.images(job.id).await?, ledger.attempts(job.id).await?);
    let status = ledger.status(&job.serial).await?.filter(|status| status.job_id == Some(job.id));
    let errors = status.map(|status| status.errors).unwrap_or_default();
    let silences = silences(ledger.as_ref(), &job).await?;
    let pair = pair(ledger.as_ref(), &job).await?;
    context.output.print(&Shown { job, pair, images, attempts, errors, silences }, page)?;
    Ok(exit::OK)
}

/// The silences that the trail tells of.
async fn silences(ledger: &dyn Ledger, job: &JobView) -> anyhow::Result<Vec<Silence>> {
    let filter = TrailFilter { chain: Some(job.serial.to_string()), job: Some(job.id) };
    let mut silences = Vec::new();
    let take = |page: Vec<StoredEntry>| {
        // An entry that does not read is `audit verify`'s to name.
        let bodies = page.iter().filter_map(|entry| serde_json::from_slice::<EntryBody>(&entry.body).ok());
        let silent = bodies.filter(|body| body.action == AuditAction::DeviceSilent);
        silences.extend(silent.map(|body| Silence { at: body.at, detail: body.detail }));
        Ok(())
    };
    pages::each(ledger, &filter, take).await?;
    Ok(silences)
}

/// The place of a job in its device's pair, by the inventory of now and the jobs of its batch.
async fn pair(ledger: &dyn Ledger, job: &JobView) -> anyhow::Result<Option<PairView>> {
    let inventory: Vec<_> = ledger.devices().await?.into_iter().map(|record| record.device).collect();
    let Some(peer) = pairs::peers(&inventory).remove(&job.serial) else { return Ok(None) };
    let filter = JobFilter { serial: Some(peer.clone()), batch: Some(job.batch), ..JobFilter::default() };
    let other = ledger.jobs(&filter, 1).await?.pop();
    Ok(Some(PairView { role: role(job, other.as_ref()), mode: job.pair, peer }))
}

fn role(job: &JobView, other: Option<&JobView>) -> String {
    let Some(other) = other else {
        return match job.pair {
            PairMode::InTurn | PairMode::Sync => "works while no job runs on its peer".to_owned(),
            PairMode::AtOnce => "works without regard to its peer".to_owned(),
        };
    };
    let state = |state: JobState| format!("job {} of its peer is {state}", other.id);
    match job.pair {
        PairMode::AtOnce => format!("works without regard to its peer; {}", state(other.state)),
        PairMode::InTurn => format!("takes turns with its peer; {}", state(other.state)),
        PairMode::Sync if other.pair == PairMode::Sync && other.id < job.id => {
            format!("gets its images from its peer; {}", state(other.state))
        }
        PairMode::Sync => format!("downloads and copies to its peer; {}", state(other.state)),
    }
}

fn page(Shown { job, pair, images, attempts, errors, silences }: &Shown, page: &mut Page) {
    let mut all = facts(job).to_vec();
    if let Some(PairView { peer, mode, role }) = pair {
        all.push(("pair", Some(format!("{mode} with {peer}: {role}"))));
    }
    page.facts(&all);
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
    let mut wrong = Table::new(["AT", "PHASE", "KIND", "WHAT WENT WRONG"]);
    for error in errors {
        wrong.row([
            time(error.timestamp),
            error.phase.as_str().to_owned(),
            error.kind.to_string(),
            error.message.clone(),
        ]);
    }
    let mut silent = Table::new(["AT", "THE DEVICE WAS SILENT"]);
    for silence in silences {
        silent.row([time(silence.at), words(&silence.detail)]);
    }
    for table in [table, tries, wrong, silent].iter().filter(|table| !table.is_empty()) {
        page.gap();
        page.table(table);
    }
    if let Some(kind) = job.failure_kind {
        page.gap();
        page.line(format!("remedy: {}", kind.remedy()));
    }
}

/// `message`, else everything, as `name value`.
fn words(detail: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (detail.get("message"), detail.as_object()) {
        (Some(message), _) => text(message),
        (None, Some(fields)) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", text(value)))
            .collect::<Vec<_>>()
            .join(", "),
        (None, None) => text(detail),
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
