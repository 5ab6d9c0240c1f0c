//! The steps of a download job: look, act, wait, look again.
//!
//! Promises: each step is safe to run twice and after a kill at any of its writes, because it looks first and
//! believes the device, not the record; the only act is asking for an image, and it is noted before it
//! leaves. A stop or a cancel may cut a look or a wait, never the act and the note of its answer.
//! Leaves to others: what an error means ([`crate::error`]), writing ([`crate::journal`]).

mod download;
mod identify;
mod software;
mod space;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use common::domain::catalogue::Catalogue;
use common::domain::job::JobType;
use common::domain::version::Version;
use common::ledger::{ClaimedJob, DeviceJobRef, ImageState, LedgerError};
use common::report::Chain;
use panos::{Client, Refusal};
use tracing::warn;

use crate::context::Context;
use crate::device::ConnectorError;
use crate::error::StepError;
use crate::journal::Journal;
use crate::lease_keeper::Hold;

/// One attempt at one device.
pub(crate) struct Attempt<'a> {
    job: &'a ClaimedJob,
    hold: &'a Hold,
    context: &'a Context,
    journal: &'a mut Journal,
    client: Client,
    /// Held from the moment a request is about to leave until its answer is noted.
    acting: &'a Acting,
    /// When the device booted, seconds since 1970; known after [`identify`].
    booted_at_s: i64,
}

/// Free while nothing is being asked of the device that must not be cut in the middle.
pub(crate) type Acting = tokio::sync::Mutex<()>;

/// Time until the catalogue is read again while the ledger is away.
const READ_AGAIN: Duration = Duration::from_secs(2);

/// Two boot times this near are one boot: `uptime` and our clock are read at slightly different moments,
/// and a device needs minutes to boot.
const SAME_BOOT_WITHIN_S: u64 = 120;

impl<'a> Attempt<'a> {
    /// An attempt that has not looked at anything yet.
    pub(crate) fn new(
        job: &'a ClaimedJob,
        hold: &'a Hold,
        context: &'a Context,
        journal: &'a mut Journal,
        acting: &'a Acting,
    ) -> Result<Self, StepError> {
        let device = &job.device.device;
        let address = device
            .address
            .as_deref()
            .ok_or_else(|| StepError::NoAddress { serial: device.serial.to_string() })?;
        let client = context.connector.firewall(address, &device.serial).map_err(|error| match error {
            ConnectorError::Transport(error) => StepError::Panos(error),
            ConnectorError::NotConfigured { key } => {
                StepError::Panos(panos::PanosError::Setup { problem: format!("{key} is not set") })
            }
        })?;
        Ok(Self { job, hold, context, journal, client, acting, booted_at_s: 0 })
    }

    /// Whether to go on: asked before every look and before every act.
    fn safe_point(&self) -> Result<(), StepError> {
        self.hold.check()?;
        if self.hold.is_cancelled() {
            return Err(StepError::Cancelled);
        }
        if self.context.stop.is_draining() { Err(StepError::Stopping) } else { Ok(()) }
    }

    /// Waits, unless a person or the process wants to stop.
    async fn wait(&self, time: Duration) -> Result<(), StepError> {
        tokio::select! {
            () = tokio::time::sleep(time) => self.safe_point(),
            () = self.hold.cancelled() => Err(StepError::Cancelled),
            () = self.context.stop.draining() => Err(StepError::Stopping),
        }
    }

    /// The trusted catalogue. While the ledger is away it is asked for again, as writes are, until the lease ends.
    async fn catalogue(&self) -> Result<Arc<Catalogue>, StepError> {
        loop {
            match self.context.trusted.catalogue().await {
                Err(error @ LedgerError::NotReachable { .. }) => {
                    warn!("catalogue not read, trying again in {READ_AGAIN:?}: {}", Chain(&error));
                    self.wait(READ_AGAIN).await?;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// The device's job with this number, in the life it is in now.
    fn device_job(&self, id: u64) -> DeviceJobRef {
        DeviceJobRef { id, booted_at_s: self.booted_at_s }
    }

    /// Whether a noted device job is of the device's present life; its number means another job after a boot.
    fn is_of_this_boot(&self, noted: DeviceJobRef) -> bool {
        noted.booted_at_s.abs_diff(self.booted_at_s) <= SAME_BOOT_WITHIN_S
    }
}

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
    identify::run(attempt).await?;
    let listing = software::run(attempt).await?;
    verify::present_images(attempt, &listing).await?;
    space::run(attempt).await?;
    while let Some(next) = attempt.journal.images().iter().find(|image| !image.state.is_present()) {
        let version = next.version;
        match download::run(attempt, version).await {
            Err(StepError::DownloadFailed {
                refusal: Refusal::BaseMissing { version: base },
                message,
                ..
            }) => {
                software::insert_base(attempt, version, &base, message).await?;
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
