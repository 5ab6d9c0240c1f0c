//! One attempt at one device: what it knows, and how it waits.
//!
//! Leaves to others: what is done in it (the steps), how it ends ([`crate::perform`]).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use common::domain::catalogue::Catalogue;
use common::domain::hash::{HashObservation, OtherHash};
use common::domain::version::Version;
use common::ledger::{ClaimedJob, DeviceJobRef, ImageRecord, ImageState, LedgerError};
use common::report::Chain;
use panos::Client;
use tracing::debug;

use super::pair::Pair;
use super::verify::Dispute;
use crate::context::Context;
use crate::device::ConnectorError;
use crate::error::StepError;
use crate::hold::Hold;
use crate::journal::Journal;
use crate::uncut::Uncut;

/// Free while nothing is being asked of the device that must not be cut in the middle.
pub(crate) type Acting = Uncut;

/// Time until the ledger is asked again while it is away.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Two boot times this near are one boot: `uptime` and our clock are read at slightly different moments,
/// and a device needs minutes to boot.
const SAME_BOOT_WITHIN_S: u64 = 120;

/// One attempt at one device.
pub(crate) struct Attempt<'a> {
    pub(super) job: &'a ClaimedJob,
    pub(super) hold: &'a Hold,
    pub(super) context: &'a Context,
    pub(super) journal: &'a mut Journal,
    pub(super) client: Client,
    /// Entered from the moment a request is about to leave until its answer is noted.
    pub(super) acting: &'a Acting,
    /// When the device booted, seconds since 1970; known after [`super::identify`].
    pub(super) booted_at_s: i64,
    /// How the work is shared with the other member of the pair.
    pub(super) pair: Pair,
    /// Hashes about which the fleet does not agree.
    pub(super) disputes: Vec<Dispute>,
    /// Images whose base was on the device and not loaded yet; each gets one more try.
    pub(super) waited_for_base: BTreeSet<Version>,
}

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
            error @ (ConnectorError::NotConfigured { .. } | ConnectorError::Messages(_)) => {
                StepError::Panos(panos::PanosError::Setup { problem: error.to_string() })
            }
        })?;
        Ok(Self {
            job,
            hold,
            context,
            journal,
            client,
            acting,
            booted_at_s: 0,
            pair: Pair::default(),
            disputes: Vec::new(),
            waited_for_base: BTreeSet::new(),
        })
    }

    /// Whether to go on: asked before every look and before every act.
    pub(super) fn safe_point(&self) -> Result<(), StepError> {
        self.hold.check()?;
        if self.hold.is_cancelled() {
            return Err(StepError::Cancelled);
        }
        if self.context.stop.is_draining() { Err(StepError::Stopping) } else { Ok(()) }
    }

    /// Waits, unless a person or the process wants to stop.
    pub(super) async fn wait(&self, time: Duration) -> Result<(), StepError> {
        self.unless_stopped(tokio::time::sleep(time)).await?;
        self.safe_point()
    }

    /// The output of `future`, unless a person or the process wants to stop first.
    pub(super) async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Result<T, StepError> {
        tokio::select! {
            output = future => Ok(output),
            () = self.hold.cancelled() => Err(StepError::Cancelled),
            () = self.context.stop.draining() => Err(StepError::Stopping),
        }
    }

    /// The trusted catalogue.
    pub(super) async fn catalogue(&self) -> Result<Arc<Catalogue>, StepError> {
        self.asking(|| self.context.trusted.catalogue()).await
    }

    /// Tells the fleet what this device reports; answers what others report for the same file.
    pub(super) async fn observe(&self, observation: &HashObservation) -> Result<Vec<OtherHash>, StepError> {
        self.asking(|| self.context.ledger.observe(observation)).await
    }

    /// Asks the ledger. While it is away it is asked again, as writes are, until the lease ends.
    pub(super) async fn asking<T, A>(&self, ask: impl Fn() -> A) -> Result<T, StepError>
    where
        A: Future<Output = Result<T, LedgerError>>,
    {
        loop {
            match ask().await {
                Err(error @ (LedgerError::NotReachable { .. } | LedgerError::Full { .. })) => {
                    debug!("the ledger does not answer, asking again in {ASK_AGAIN:?}: {}", Chain(&error));
                    self.wait(ASK_AGAIN).await?;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Notes how far an image is.
    pub(super) fn put_state(
        &mut self,
        version: Version,
        state: ImageState,
        device_job: Option<DeviceJobRef>,
    ) {
        if let Some(image) = self.journal.image(version).cloned() {
            self.journal.put_image(ImageRecord { state, device_job, ..image });
        }
    }

    /// Whether a download of this job may be running on the device.
    pub(super) fn has_underway(&self) -> bool {
        self.journal.images().iter().any(|image| match image.state {
            ImageState::Requested | ImageState::Downloading => true,
            ImageState::Missing | ImageState::Downloaded | ImageState::AlreadyPresent => false,
        })
    }

    /// The device's job with this number, in the life it is in now.
    pub(super) fn device_job(&self, id: u64) -> DeviceJobRef {
        DeviceJobRef { id, booted_at_s: self.booted_at_s }
    }

    /// Whether a noted device job is of the device's present life; its number means another job after a boot.
    pub(super) fn is_of_this_boot(&self, noted: DeviceJobRef) -> bool {
        is_one_boot(noted.booted_at_s, self.booted_at_s)
    }
}

/// Whether two boot times, in seconds since 1970, are of one boot.
pub(super) fn is_one_boot(one_s: i64, other_s: i64) -> bool {
    one_s.abs_diff(other_s) <= SAME_BOOT_WITHIN_S
}
