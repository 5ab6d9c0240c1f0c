//! One image: look whether it is there or on its way, ask for it if neither, wait, look again.
//!
//! "Done" is the device's list saying so, never its job alone: a job that ended well is only a reason to
//! look. The request is noted before it leaves and the device's job as soon as it is known, so a worker that
//! dies at any point leaves enough behind for the next one to take the download over. A second request in one attempt
//! needs a device that lost the first download: by a boot, or by forgetting its job.

mod ask;
mod look;
mod wait;

use common::audit::AuditAction;
use common::domain::image::ListedImage;
use common::domain::status::Phase;
use common::domain::version::Version;
use common::events::JobEvent;
use common::ledger::ImageState;
use panos::{DeviceJob, DeviceJobId};
use serde_json::json;
use tracing::info;

use super::attempt::Attempt;
use super::{overall_progress, place, verify};
use crate::error::StepError;
use ask::Asked;
pub(super) use look::{is_running_download, listing};
use wait::Waited;

/// Looks at the list after a job that ended well, each after a pause of so many shortest waits, before the attempt is
/// given up: lists lag a little.
const LOOKS_AFTER_END: [u32; 5] = [0, 1, 2, 4, 8];

/// Times that a device may lose one download in one attempt. A device that does it more often has a trouble that
/// asking again does not end.
const MOST_LOSSES: u32 = 3;

/// What the device is doing about an image.
enum Seen {
    /// It is there.
    Present(Box<ListedImage>),
    /// This job brings it.
    Underway(DeviceJobId),
    /// The job that was to bring it has ended, and the list does not show it, or not yet.
    Ended(Box<DeviceJob>),
    /// Nothing.
    Absent,
}

/// Brings one image to the device and compares its hash.
///
/// # Errors
/// What the device does wrong; [`StepError::Busy`] while somebody else's job keeps it.
pub(super) async fn run(attempt: &mut Attempt<'_>, version: Version) -> Result<(), StepError> {
    attempt.safe_point()?;
    let mut n_lost = 0;
    let mut seen = look::run(attempt, version).await?;
    loop {
        let waited = match seen {
            Seen::Present(listed) => return finish(attempt, &listed).await,
            Seen::Ended(job) => wait::ended(attempt, version, &job)?,
            Seen::Underway(device_job) => {
                adopt(attempt, version, device_job).await?;
                wait::run(attempt, version, device_job).await?
            }
            Seen::Absent => match ask::run(attempt, version, n_lost).await? {
                Asked::Accepted(device_job) => wait::run(attempt, version, device_job).await?,
                Asked::Unclear(found) => {
                    seen = found;
                    continue;
                }
            },
        };
        seen = match waited {
            Waited::Ended => return shown(attempt, version).await,
            Waited::Lost => {
                n_lost += 1;
                if n_lost > MOST_LOSSES {
                    return Err(StepError::Lost { version, n_times: n_lost });
                }
                look::run(attempt, version).await?
            }
        };
    }
}

/// The device says that it is done; its list has the last word.
async fn shown(attempt: &mut Attempt<'_>, version: Version) -> Result<(), StepError> {
    for pauses in LOOKS_AFTER_END {
        if pauses > 0 {
            attempt.wait(attempt.context.pace.min * pauses).await?;
        }
        if let Some(listed) = look::present(attempt, version).await? {
            return finish(attempt, &listed).await;
        }
    }
    // Said to be there, and is not: the next attempt may ask for it again.
    attempt.put_state(version, ImageState::Missing, None);
    Err(StepError::NotShown { version })
}

async fn adopt(
    attempt: &mut Attempt<'_>,
    version: Version,
    device_job: DeviceJobId,
) -> Result<(), StepError> {
    let noted = attempt.device_job(device_job.0);
    let was_ours = attempt.journal.image(version).is_some_and(|image| {
        image.state == ImageState::Downloading && image.device_job.is_some_and(|known| known.id == noted.id)
    });
    let serial = &attempt.job.device.device.serial;
    if was_ours {
        info!("{serial}: going on with the download of {version}, job {}", noted.id);
    } else {
        info!("{serial}: {version} is on its way already, job {}", noted.id);
    }
    attempt.put_state(version, ImageState::Downloading, Some(noted));
    let detail = json!({ "version": version.to_string(), "device_job": noted.id });
    attempt.journal.audit(AuditAction::DownloadAdopted, detail);
    note_start(attempt, version, device_job, true).await
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

/// The image is on the device: notes that, and compares its hash.
///
/// # Errors
/// [`StepError::HashMismatch`] and its like.
pub(super) async fn finish(attempt: &mut Attempt<'_>, listed: &ListedImage) -> Result<(), StepError> {
    let version = listed.version;
    let device_job = attempt.journal.image(version).and_then(|image| image.device_job);
    attempt.put_state(version, ImageState::Downloaded, device_job);
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
