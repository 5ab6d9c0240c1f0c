//! The steps of a download job: look, act, wait, look again.
//!
//! Promises: each step is safe to run twice and after a kill at any of its writes, because it looks first and
//! believes the device, not the record; the only act is asking for an image, and it is noted before it
//! leaves. A device that falls silent on the way is waited for. A wait (for the next question, at the gate, for a
//! peer's copy, for a silent device) ends at once when the process stops or a person cancels. A cancel and a forced
//! stop also cut a question that a device is slow to answer, because nothing follows from asking; neither cuts the
//! act, which ends when the device has answered or `firewall.read_timeout` is over, nor the note of its answer.
//! Leaves to others: what an error means ([`crate::error`]), writing ([`crate::journal`]).

mod attempt;
mod download;
mod identify;
mod pair;
mod silence;
mod software;
mod space;
mod verify;

use common::domain::job::JobType;
use common::domain::version::Version;
use common::ledger::ImageState;
use panos::Refusal;

use crate::error::StepError;
use crate::measure::step;

pub(crate) use attempt::{Acting, Attempt};

/// Whether this version knows how to perform such jobs.
pub(crate) fn performs(job_type: JobType) -> bool {
    match job_type {
        JobType::DownloadOnly => true,
        // Known to locks and queues; its steps come later.
        JobType::Upgrade => false,
    }
}

/// Brings the device to the goal, or says why not.
pub(crate) async fn run(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
    if !performs(attempt.job.job_type) {
        return Err(StepError::NotPerformed { job_type: attempt.job.job_type });
    }
    step("identify", identify::run(attempt)).await?;
    step("pair", pair::run(attempt)).await?;
    let listing = step("software", software::run(attempt)).await?;
    step("verify", verify::present_images(attempt, &listing)).await?;
    step("receive", pair::receive(attempt)).await?;
    step("space", space::run(attempt)).await?;
    while let Some(next) = attempt.journal.images().iter().find(|image| !image.state.is_present()) {
        let version = next.version;
        match step("download", download::run(attempt, version)).await {
            Err(StepError::DownloadFailed {
                refusal: Refusal::BaseMissing { version: base },
                message,
                ..
            }) => {
                software::insert_base(attempt, version, &base, message).await?;
                // What failed to load lies on the disk all the same, and there is one image more to bring.
                space::run(attempt).await?;
            }
            done => done?,
        }
    }
    verify::all(attempt)
}

/// Whole-job progress while the image at `position` of `n_images` is `percent` on its way.
fn overall_progress(position: usize, n_images: usize, percent: u8) -> u8 {
    /// Where downloads begin and end on the whole job's scale; what is before and after takes seconds.
    const DOWNLOADS: (usize, usize) = (10, 95);
    let span = DOWNLOADS.1 - DOWNLOADS.0;
    let hundredths = (position * 100 + usize::from(percent.min(100))) * span / n_images.max(1);
    u8::try_from((DOWNLOADS.0 + hundredths / 100).min(DOWNLOADS.1)).unwrap_or(100)
}

/// Position and number of the images that have to be brought, for progress.
fn place(attempt: &Attempt<'_>, version: Version) -> (usize, usize) {
    let to_bring =
        || attempt.journal.images().iter().filter(|image| image.state != ImageState::AlreadyPresent);
    (to_bring().position(|image| image.version == version).unwrap_or(0), to_bring().count())
}

#[cfg(test)]
mod tests {
    use super::overall_progress;

    #[test]
    fn progress_grows_over_the_images_of_a_path() {
        let steps = [(0, 2, 0), (0, 2, 50), (0, 2, 100), (1, 2, 0), (1, 2, 100)];
        assert_eq!(
            steps.map(|(position, n, percent)| overall_progress(position, n, percent)),
            [10, 31, 52, 52, 95]
        );
    }

    #[test]
    fn progress_stays_in_its_bounds() {
        assert_eq!(overall_progress(0, 0, 255), 95);
        assert_eq!(overall_progress(9, 1, 100), 95);
    }
}
