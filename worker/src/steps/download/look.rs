//! Looks at what the device is doing about an image, without changing anything.
//!
//! Promises: a download is only taken for ours when there is proof: the job that it was noted under, in this life of
//! the device; or the list flags *this version* as on its way and a download runs. A job of type `Downld` alone
//! proves nothing: content and WildFire updates have the same type, and no job names its version (vendor's
//! pan-os-upgrade-assurance, recorded jobs).

use common::domain::image::{ListedImage, Presence, SoftwareListing};
use common::domain::version::Version;
use common::ledger::ImageState;
use panos::{DeviceJob, DeviceJobId, PanosError, Refusal};

use super::Seen;
use crate::border;
use crate::error::StepError;
use crate::steps::attempt::Attempt;
use crate::steps::silence::{self, MOST_SILENCES, quietly};

/// The type of a job that downloads something: an image, but content and WildFire updates as well.
const DOWNLOAD: &str = "Downld";

/// Who began a job that the device began by itself (recorded on 11.2).
const AUTOMATIC: &str = "Auto update agent";

/// Looks, through as many silences as may be.
pub(super) async fn run(attempt: &mut Attempt<'_>, version: Version) -> Result<Seen, StepError> {
    let mut n_silences = 0;
    loop {
        attempt.hold.check()?;
        match once(attempt, version).await {
            Err(StepError::Panos(error)) if error.may_be_boot() && n_silences < MOST_SILENCES => {
                n_silences += 1;
                silence::survive(attempt, error).await?;
            }
            outcome => return outcome,
        }
    }
}

/// The device's list, through as many silences as may be.
pub(in crate::steps) async fn listing(attempt: &mut Attempt<'_>) -> Result<SoftwareListing, StepError> {
    let mut n_silences = 0;
    loop {
        attempt.hold.check()?;
        match list(attempt).await {
            Err(error) if error.may_be_boot() && n_silences < MOST_SILENCES => {
                n_silences += 1;
                silence::survive(attempt, error).await?;
            }
            outcome => return Ok(outcome?),
        }
    }
}

/// The image, if the list shows it as present.
pub(super) async fn present(
    attempt: &mut Attempt<'_>,
    version: Version,
) -> Result<Option<ListedImage>, StepError> {
    Ok(of_present(&listing(attempt).await?, version))
}

async fn list(attempt: &Attempt<'_>) -> Result<SoftwareListing, PanosError> {
    quietly(attempt, |client| async move { client.software_info().await }).await.map(border::listing)
}

fn of_present(listing: &SoftwareListing, version: Version) -> Option<ListedImage> {
    listing.find(&version).filter(|listed| listed.presence == Presence::Present).cloned()
}

async fn once(attempt: &Attempt<'_>, version: Version) -> Result<Seen, StepError> {
    let listing = list(attempt).await?;
    if let Some(listed) = of_present(&listing, version) {
        return Ok(Seen::Present(Box::new(listed)));
    }
    let is_flagged = listing.find(&version).is_some_and(|listed| listed.presence == Presence::Downloading);
    let Some(image) = attempt.journal.image(version) else { return Ok(Seen::Absent) };
    let may_run = match (image.state, image.device_job) {
        (ImageState::Downloading, Some(noted)) if attempt.is_of_this_boot(noted) => {
            if let Some(seen) = noted_job(attempt, DeviceJobId(noted.id)).await? {
                return Ok(seen);
            }
            true
        }
        // Asked for by somebody who did not live to see the answer, or before the device booted.
        (ImageState::Requested | ImageState::Downloading, _) => true,
        // Nobody asked; somebody else may have.
        (ImageState::Missing | ImageState::Downloaded | ImageState::AlreadyPresent, _) => is_flagged,
    };
    if may_run { running(attempt, version, is_flagged).await } else { Ok(Seen::Absent) }
}

/// What became of the job that brings the image; `None` when the device does not know it.
async fn noted_job(attempt: &Attempt<'_>, id: DeviceJobId) -> Result<Option<Seen>, StepError> {
    match quietly(attempt, |client| async move { client.job(id).await }).await {
        Ok(job) if !is_download(&job) => Ok(None),
        Ok(job) if job.is_finished() => Ok(Some(Seen::Ended(Box::new(job)))),
        Ok(_) => Ok(Some(Seen::Underway(id))),
        // It has just answered another question, so this is its way to say that there is no such job.
        Err(PanosError::UnexpectedAnswer { .. }) => Ok(None),
        Err(error) if error.refusal() == Some(&Refusal::JobLost) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The download that runs on the device, if the list says that it is of this image.
async fn running(attempt: &Attempt<'_>, version: Version, is_flagged: bool) -> Result<Seen, StepError> {
    let jobs = quietly(attempt, |client| async move { client.jobs().await }).await?;
    let running = jobs.iter().filter(|job| is_running_download(job));
    let candidates =
        running.map(|job| Candidate { is_automatic: job.user.as_deref() == Some(AUTOMATIC), id: job.id });
    match ours(candidates, is_flagged) {
        Running::Ours(id) => Ok(Seen::Underway(id)),
        Running::Foreign => {
            Err(StepError::Busy { with: "a download that the software list does not name".to_owned() })
        }
        // It may have ended between the two questions: then the list shows it now.
        Running::Nothing => Ok(of_present(&list(attempt).await?, version)
            .map_or(Seen::Absent, |listed| Seen::Present(Box::new(listed)))),
    }
}

/// A download that runs.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    is_automatic: bool,
    id: Option<DeviceJobId>,
}

/// Whose download runs.
#[derive(Debug, PartialEq, Eq)]
enum Running {
    Ours(DeviceJobId),
    Foreign,
    Nothing,
}

/// Takes a running download for ours only when the list flags the image. Among several a person's goes before the
/// device's own, the newer before the older; a wrong guess costs time only, because the list has the last word.
fn ours(candidates: impl Iterator<Item = Candidate>, is_flagged: bool) -> Running {
    match candidates.max_by_key(|candidate| (!candidate.is_automatic, candidate.id)) {
        None => Running::Nothing,
        Some(Candidate { id: Some(id), .. }) if is_flagged => Running::Ours(id),
        Some(_) => Running::Foreign,
    }
}

/// Whether the job is a download, of whatever.
pub(super) fn is_download(job: &DeviceJob) -> bool {
    job.kind == DOWNLOAD
}

/// Whether the job is a download, of whatever, that has not ended.
pub(in crate::steps) fn is_running_download(job: &DeviceJob) -> bool {
    is_download(job) && !job.is_finished()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours_of(candidates: &[(bool, Option<u64>)], is_flagged: bool) -> Running {
        let candidate =
            |&(is_automatic, id): &(bool, Option<u64>)| Candidate { is_automatic, id: id.map(DeviceJobId) };
        ours(candidates.iter().map(candidate), is_flagged)
    }

    #[test]
    fn a_download_is_ours_when_the_list_flags_the_image() {
        assert_eq!(ours_of(&[(false, Some(7))], true), Running::Ours(DeviceJobId(7)));
        assert_eq!(ours_of(&[], true), Running::Nothing, "a flag alone is nothing to follow");
    }

    #[test]
    fn a_download_that_the_list_does_not_name_is_somebody_elses() {
        assert_eq!(ours_of(&[(true, Some(7))], false), Running::Foreign, "a content update");
        assert_eq!(ours_of(&[(false, Some(7))], false), Running::Foreign, "another image");
    }

    #[test]
    fn beside_a_content_update_the_download_of_a_person_is_followed() {
        for both in [[(false, Some(6)), (true, Some(7))], [(true, Some(7)), (false, Some(6))]] {
            assert_eq!(ours_of(&both, true), Running::Ours(DeviceJobId(6)));
        }
    }

    #[test]
    fn a_download_without_a_number_cannot_be_followed() {
        assert_eq!(ours_of(&[(false, None)], true), Running::Foreign);
    }
}
