//! Follows the device's job to its end.
//!
//! Promises: any change is progress, also a drop to 0 while the image is loaded (seen by two field tools); times in
//! place of a progress, and none, are no fault; a silent device costs nothing for a while; what the device lost is
//! told apart from what it failed. Leaves to others: when to ask ([`crate::pace`]), what is lost
//! ([`super`]), and the last word, which is the list's.

use common::audit::AuditAction;
use common::domain::status::Phase;
use common::domain::version::Version;
use common::events::JobEvent;
use common::ledger::ImageState;
use panos::{DeviceJob, DeviceJobId, JobStatus, PanosError, Refusal};
use serde_json::json;
use tokio::time::Instant;

use super::look;
use crate::error::StepError;
use crate::steps::attempt::Attempt;
use crate::steps::silence::{self, Boot, quietly};
use crate::steps::{overall_progress, place};

/// Progress that is worth a write, in percent: a dashboard does not need more, and a thousand devices make
/// a thousand times this many writes.
const PROGRESS_STEP: u8 = 10;

/// Answers in a row that say nothing about the job, from a device that tells well who it is, after which it has
/// forgotten it.
const MOST_USELESS: u32 = 2;

/// The same for no answers at all, as of a web server that is overloaded or cuts connections: then the list has to tell.
const MOST_UNANSWERED: u32 = 10;

/// Lines of a device that are kept in trail and message: no more than a person reads.
const MOST_LINES: usize = 20;

/// How the wait ended.
pub(super) enum Waited {
    /// The device says that it is done.
    Ended,
    /// The device does not know the job any more.
    Lost,
}

/// Everything about a running job that can change.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    status: JobStatus,
    progress: Option<u8>,
    details: Vec<String>,
}

/// Waits for the job's end.
pub(super) async fn run(
    attempt: &mut Attempt<'_>,
    version: Version,
    device_job: DeviceJobId,
) -> Result<Waited, StepError> {
    let began = Instant::now();
    let mut pace = attempt.context.pace.download();
    let (mut last_change, mut last_shape) = (began, None);
    let (mut n_useless, mut written) = (0, 0);
    let mut next = attempt.context.pace.min;
    loop {
        attempt.wait(next).await?;
        let job = match quietly(attempt, |client| async move { client.job(device_job).await }).await {
            Ok(job) => job,
            Err(error) if error.refusal() == Some(&Refusal::JobLost) => {
                return lost(attempt, version, "the device does not know the job").await;
            }
            Err(error) if error.may_be_boot() => {
                let silent_since = Instant::now();
                let is_answer = matches!(error, PanosError::UnexpectedAnswer { .. });
                match silence::survive(attempt, error).await? {
                    Boot::New => return lost(attempt, version, "the device has booted").await,
                    Boot::Same => {
                        n_useless += 1;
                        if n_useless >= if is_answer { MOST_USELESS } else { MOST_UNANSWERED } {
                            return lost(attempt, version, "the device tells nothing of the job").await;
                        }
                        // A silence is no standstill.
                        last_change += silent_since.elapsed();
                        continue;
                    }
                }
            }
            Err(error) => return Err(error.into()),
        };
        n_useless = 0;
        if !look::is_running_download(&job) {
            return ended(attempt, version, &job);
        }
        let progress = job.progress;
        let shape = Some(Shape { status: job.status, progress, details: job.details });
        if shape != last_shape {
            (last_change, last_shape) = (Instant::now(), shape);
        } else if last_change.elapsed() >= attempt.context.patience.stall {
            return stalled(attempt, version, last_change).await;
        }
        if let Some(percent) = progress.filter(|percent| *percent >= written + PROGRESS_STEP) {
            written = percent;
            note_progress(attempt, version, percent).await?;
        }
        next = pace.wait(began.elapsed(), progress, rand::random());
    }
}

/// Notes that the device lost the job. The image stays noted as asked for until the list was read.
async fn lost(attempt: &mut Attempt<'_>, version: Version, why: &str) -> Result<Waited, StepError> {
    attempt.put_state(version, ImageState::Requested, None);
    let detail = json!({ "version": version.to_string(), "result": "lost", "details": [why] });
    attempt.journal.audit(AuditAction::DownloadEnded, detail);
    attempt.journal.write().await?;
    Ok(Waited::Lost)
}

/// Nothing has changed for too long; only the list could still say otherwise.
async fn stalled(
    attempt: &mut Attempt<'_>,
    version: Version,
    last_change: Instant,
) -> Result<Waited, StepError> {
    if look::present(attempt, version).await?.is_some() {
        return Ok(Waited::Ended);
    }
    Err(StepError::Stalled { version, for_s: last_change.elapsed().as_secs() })
}

async fn note_progress(attempt: &mut Attempt<'_>, version: Version, percent: u8) -> Result<(), StepError> {
    let (position, n_images) = place(attempt, version);
    let progress = overall_progress(position, n_images, percent);
    let message = format!("downloading {version}: {percent} %");
    let journal = &mut *attempt.journal;
    journal.at(Phase::Download, progress, message.clone());
    let version = Some(version.to_string());
    journal.event(JobEvent::Progress { phase: Phase::Download, progress, version, message });
    Ok(journal.write().await?)
}

/// What a job says that no longer runs, or is none of ours; written with the next step.
///
/// # Errors
/// [`StepError::DownloadFailed`] with the device's words.
pub(super) fn ended(
    attempt: &mut Attempt<'_>,
    version: Version,
    job: &DeviceJob,
) -> Result<Waited, StepError> {
    if !look::is_download(job) {
        // The number is another job's: the device has booted unseen.
        attempt.put_state(version, ImageState::Requested, None);
        return Ok(Waited::Lost);
    }
    let details: Vec<String> = job.details.iter().take(MOST_LINES).cloned().collect();
    attempt.journal.audit(
        AuditAction::DownloadEnded,
        json!({
            "version": version.to_string(),
            "device_job": job.id.map(|id| id.0),
            "result": format!("{:?}", job.result).to_lowercase(),
            "details": details,
        }),
    );
    match job.failure() {
        None => Ok(Waited::Ended),
        Some(Refusal::JobLost) => {
            attempt.put_state(version, ImageState::Requested, None);
            Ok(Waited::Lost)
        }
        Some(refusal) => {
            attempt.put_state(version, ImageState::Missing, None);
            Err(StepError::DownloadFailed { version, refusal, message: details.join(" / ") })
        }
    }
}
