//! One image: look whether it is there or on its way, ask for it if neither, wait, look again.
//!
//! "Done" is the device's list saying so, never its job alone: a job that ended well is only a reason to
//! look. The request is noted before it leaves and the device's job as soon as it is known, so a worker that
//! dies at any point leaves enough behind for the next one to take the download over.

use common::audit::AuditAction;
use common::domain::image::{ListedImage, Presence};
use common::domain::status::Phase;
use common::domain::version::Version;
use common::events::JobEvent;
use common::ledger::{ImageRecord, ImageState};
use panos::{DeviceJob, DeviceJobId, JobResult, PanosError, Refusal, SyncToPeer};
use serde_json::json;
use tokio::time::Instant;
use tracing::info;

use super::{Attempt, overall_progress, place, verify};
use crate::border;
use crate::error::StepError;

/// Looks at the list after a job that ended well, before the attempt is given up: lists lag a little.
const LOOKS_AFTER_END: u32 = 4;

/// Progress that is worth a write, in percent: a dashboard does not need more, and a thousand devices make
/// a thousand times this many writes.
const PROGRESS_STEP: u8 = 10;

/// What the device is doing about an image.
enum Seen {
    /// It is there.
    Present(Box<ListedImage>),
    /// This job brings it.
    Underway(DeviceJobId),
    /// Nothing.
    Absent,
}

/// Brings one image to the device and compares its hash.
///
/// # Errors
/// What the device does wrong; [`StepError::Busy`] while somebody else's job keeps it.
pub(super) async fn run(attempt: &mut Attempt<'_>, version: Version) -> Result<(), StepError> {
    attempt.safe_point()?;
    let device_job = match look(attempt, version).await? {
        Seen::Present(listed) => return finish(attempt, &listed).await,
        Seen::Underway(device_job) => {
            adopt(attempt, version, device_job).await?;
            device_job
        }
        Seen::Absent => {
            attempt.safe_point()?;
            ask(attempt, version).await?
        }
    };
    wait(attempt, version, device_job).await?;
    let mut looks = 0;
    loop {
        match look(attempt, version).await? {
            Seen::Present(listed) => return finish(attempt, &listed).await,
            Seen::Underway(_) | Seen::Absent if looks < LOOKS_AFTER_END => looks += 1,
            Seen::Underway(_) | Seen::Absent => return Err(StepError::NotShown { version }),
        }
        attempt.wait(attempt.context.pace.min).await?;
    }
}

async fn look(attempt: &mut Attempt<'_>, version: Version) -> Result<Seen, StepError> {
    attempt.hold.check()?;
    let listing = border::listing(attempt.client.software_info().await?);
    let listed = listing.find(&version);
    if let Some(listed) = listed.filter(|listed| listed.presence == Presence::Present) {
        return Ok(Seen::Present(Box::new(listed.clone())));
    }
    let flagged = listed.is_some_and(|listed| listed.presence == Presence::Downloading);
    let Some(image) = attempt.journal.image(version) else { return Ok(Seen::Absent) };
    match (image.state, image.device_job) {
        (ImageState::Downloading, Some(noted)) if attempt.is_of_this_boot(noted) => {
            match attempt.client.job(DeviceJobId(noted.id)).await {
                Ok(job) if !job.is_finished() => Ok(Seen::Underway(DeviceJobId(noted.id))),
                // Ended, and the list above was read before it did or lags behind: follow it to its end again.
                Ok(job) if job.result == JobResult::Ok && flagged => {
                    Ok(Seen::Underway(DeviceJobId(noted.id)))
                }
                Ok(_) => Ok(Seen::Absent),
                Err(error) if error.refusal() == Some(&Refusal::JobLost) => {
                    running_download(attempt, flagged).await
                }
                Err(error) => Err(error.into()),
            }
        }
        // Asked for by somebody who did not live to see the answer, or flagged by the device as on its way.
        (ImageState::Requested | ImageState::Downloading, _) => running_download(attempt, true).await,
        (ImageState::Missing, _) => running_download(attempt, flagged).await,
        (ImageState::Downloaded | ImageState::AlreadyPresent, _) => Ok(Seen::Absent),
    }
}

/// The download that runs on the device, if there is reason to take it for ours. Its job names no version,
/// so without such a reason it is somebody else's.
async fn running_download(attempt: &Attempt<'_>, may_be_ours: bool) -> Result<Seen, StepError> {
    if !may_be_ours {
        return Ok(Seen::Absent);
    }
    let jobs = attempt.client.jobs().await?;
    let running = jobs.iter().find(|job| job.kind == "Downld" && !job.is_finished());
    Ok(running.and_then(|job| job.id).map_or(Seen::Absent, Seen::Underway))
}

async fn adopt(
    attempt: &mut Attempt<'_>,
    version: Version,
    device_job: DeviceJobId,
) -> Result<(), StepError> {
    let noted = attempt.device_job(device_job.0);
    let Some(mut image) = attempt.journal.image(version).cloned() else { return Ok(()) };
    if image.state == ImageState::Downloading && image.device_job.is_some_and(|known| known.id == noted.id) {
        info!(
            "{}: going on with the download of {version}, job {}",
            attempt.job.device.device.serial, noted.id
        );
    } else {
        info!("{}: {version} is on its way already, job {}", attempt.job.device.device.serial, noted.id);
    }
    image.state = ImageState::Downloading;
    image.device_job = Some(noted);
    attempt.journal.put_image(image);
    let detail = json!({ "version": version.to_string(), "device_job": noted.id });
    attempt.journal.audit(AuditAction::DownloadAdopted, detail);
    note_start(attempt, version, device_job, true).await
}

/// The only act: noted before it leaves, and again with its answer.
async fn ask(attempt: &mut Attempt<'_>, version: Version) -> Result<DeviceJobId, StepError> {
    let Some(image) = attempt.journal.image(version).cloned() else {
        return Err(StepError::NotShown { version });
    };
    let requested = ImageRecord { state: ImageState::Requested, device_job: None, ..image.clone() };
    let acting = attempt.acting;
    let _whole = acting.lock().await;
    attempt.journal.put_image(requested);
    attempt.journal.audit(AuditAction::DownloadRequested, json!({ "version": version.to_string() }));
    attempt.journal.write().await?;
    attempt.hold.check()?;
    match attempt.client.download(&version.to_string(), SyncToPeer::No).await {
        Ok(device_job) => {
            let noted = attempt.device_job(device_job.0);
            attempt.journal.put_image(ImageRecord {
                state: ImageState::Downloading,
                device_job: Some(noted),
                ..image
            });
            let detail = json!({ "version": version.to_string(), "device_job": noted.id });
            attempt.journal.audit(AuditAction::DownloadAccepted, detail);
            note_start(attempt, version, device_job, false).await?;
            Ok(device_job)
        }
        Err(error) => Err(refused(attempt, image, error).await?),
    }
}

/// Notes a request that the device did not take. One whose answer was lost stays noted as requested: it may
/// have been carried out.
async fn refused(
    attempt: &mut Attempt<'_>,
    image: ImageRecord,
    error: PanosError,
) -> Result<StepError, StepError> {
    let answered = match &error {
        PanosError::Refused { .. } => true,
        PanosError::NoAnswer { phase, .. } => *phase == panos::Phase::Connect,
        PanosError::Tls { .. } | PanosError::Setup { .. } => true,
        PanosError::UnexpectedAnswer { .. } | PanosError::TooLarge { .. } => false,
    };
    if answered {
        attempt.journal.put_image(ImageRecord { state: ImageState::Missing, device_job: None, ..image });
        attempt.journal.write().await?;
    }
    Ok(match error.refusal() {
        Some(Refusal::BusyDownload) => StepError::Busy { with: "another download is in progress".to_owned() },
        Some(_) | None => error.into(),
    })
}

async fn note_start(
    attempt: &mut Attempt<'_>,
    version: Version,
    device_job: DeviceJobId,
    adopted: bool,
) -> Result<(), StepError> {
    let (position, n_images) = place(attempt, version);
    let index = attempt.journal.images().iter().position(|image| image.version == version).unwrap_or(0);
    let journal = &mut *attempt.journal;
    journal.status_mut().current_path_index = index;
    journal.at(Phase::Download, overall_progress(position, n_images, 0), format!("downloading {version}"));
    journal.event(JobEvent::DownloadStarted {
        version: version.to_string(),
        device_job: device_job.0,
        adopted,
    });
    Ok(journal.write().await?)
}

/// Follows the device's job to its end.
async fn wait(attempt: &mut Attempt<'_>, version: Version, device_job: DeviceJobId) -> Result<(), StepError> {
    let began = Instant::now();
    let (mut last_change, mut last_progress, mut written) = (began, None, 0);
    let mut next = attempt.context.pace.min;
    loop {
        attempt.wait(next).await?;
        let job = match attempt.client.job(device_job).await {
            Ok(job) => job,
            // The device forgot it, as after a restart of its management plane: the list decides.
            Err(error) if error.refusal() == Some(&Refusal::JobLost) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if job.is_finished() {
            return ended(attempt, version, &job);
        }
        // Any change counts, also a drop to 0 while the image is loaded.
        if job.progress != last_progress {
            (last_change, last_progress) = (Instant::now(), job.progress);
        } else if last_change.elapsed() >= attempt.context.stall_timeout {
            return Err(StepError::Stalled { version, for_s: last_change.elapsed().as_secs() });
        }
        if let Some(percent) = job.progress.filter(|percent| *percent >= written + PROGRESS_STEP) {
            written = percent;
            note_progress(attempt, version, percent).await?;
        }
        next = attempt.context.pace.wait(began.elapsed(), job.progress, rand::random());
    }
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

/// What the end of the device's job says; written with the next step.
fn ended(attempt: &mut Attempt<'_>, version: Version, job: &DeviceJob) -> Result<(), StepError> {
    let details = shortened(&job.details);
    attempt.journal.audit(
        AuditAction::DownloadEnded,
        json!({
            "version": version.to_string(),
            "device_job": job.id.map(|id| id.0),
            "result": format!("{:?}", job.result),
            "details": details,
        }),
    );
    let Some(refusal) = job.failure() else { return Ok(()) };
    if let Some(mut image) = attempt.journal.image(version).cloned() {
        image.state = ImageState::Missing;
        image.device_job = None;
        attempt.journal.put_image(image);
    }
    Err(StepError::DownloadFailed { version, refusal, message: details.join(" / ") })
}

/// A device's lines for trail and message: no more of them, and no longer, than a person reads.
fn shortened(details: &[String]) -> Vec<String> {
    const LINES: usize = 20;
    const CHARS: usize = 300;
    details.iter().take(LINES).map(|line| line.chars().take(CHARS).collect()).collect()
}

async fn finish(attempt: &mut Attempt<'_>, listed: &ListedImage) -> Result<(), StepError> {
    let version = listed.version;
    if let Some(mut image) = attempt.journal.image(version).cloned() {
        image.state = ImageState::Downloaded;
        attempt.journal.put_image(image);
    }
    attempt.journal.event(JobEvent::ImagePresent { version: version.to_string() });
    verify::compare(attempt, listed).await?;
    let (position, n_images) = place(attempt, version);
    attempt.journal.at(
        Phase::Verify,
        overall_progress(position, n_images, 100),
        format!("{version} is on the device"),
    );
    attempt.journal.write().await?;
    verify::verdict(attempt)
}
