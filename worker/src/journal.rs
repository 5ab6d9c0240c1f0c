//! What one attempt writes: its status document, its images, its audit entries and events, under its lease.
//!
//! Promises: nothing is written without a live lease; the document, entries and events of a step are one
//! transaction; while the ledger is away a write is tried again until the lease ends, and then not at all.
//! Leaves to others: what is worth writing ([`crate::steps`]).

use std::sync::Arc;
use std::time::Duration;

use common::audit::{AuditAction, AuditFact};
use common::clock::Clock;
use common::domain::failure::FailureKind;
use common::domain::status::{DeviceStatus, Phase, StatusError, UpgradeStatus};
use common::domain::version::Version;
use common::events::JobEvent;
use common::ledger::{ClaimedJob, End, ImageRecord, Ledger, LedgerError, StepRecord};
use common::report::Chain;
use serde_json::Value;
use tracing::debug;

use crate::hold::Hold;
use crate::relay::Relay;
use crate::uncut::Uncut;

/// Pause before a write is tried again while the ledger is away, doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Collects what a step found and did, and writes it.
pub struct Journal {
    ledger: Arc<dyn Ledger>,
    relay: Arc<Relay>,
    clock: Arc<dyn Clock>,
    hold: Arc<Hold>,
    status: DeviceStatus,
    images: Vec<ImageRecord>,
    changed: Vec<Version>,
    dropped: Vec<Version>,
    audit: Vec<AuditFact>,
    events: Vec<JobEvent>,
    writing: Arc<Uncut>,
}

impl Journal {
    /// The journal of a claimed job, with what earlier attempts left.
    #[must_use]
    pub fn new(
        job: &ClaimedJob,
        hold: Arc<Hold>,
        ledger: Arc<dyn Ledger>,
        relay: Arc<Relay>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let device = &job.device.device;
        let mut status = job.status.clone().unwrap_or_else(|| {
            let role = device.ha.state();
            DeviceStatus::untouched(
                device.serial.as_str(),
                &device.hostname,
                role,
                &device.sw_version,
                clock.now(),
            )
        });
        status.job_id = Some(job.lease.job);
        Self {
            ledger,
            relay,
            clock,
            hold,
            status,
            images: job.images.clone(),
            changed: Vec::new(),
            dropped: Vec::new(),
            audit: Vec::new(),
            events: Vec::new(),
            writing: Arc::default(),
        }
    }

    /// Not free while something is being written: cut there, nobody would know whether it was.
    pub(crate) fn writing(&self) -> Arc<Uncut> {
        Arc::clone(&self.writing)
    }

    /// The document as it stands.
    #[must_use]
    pub fn status(&self) -> &DeviceStatus {
        &self.status
    }

    /// The document, for changing.
    pub fn status_mut(&mut self) -> &mut DeviceStatus {
        &mut self.status
    }

    /// Images of the path, in order.
    #[must_use]
    pub fn images(&self) -> &[ImageRecord] {
        &self.images
    }

    /// The image of one version.
    #[must_use]
    pub fn image(&self, version: Version) -> Option<&ImageRecord> {
        self.images.iter().find(|image| image.version == version)
    }

    /// Adds an image, or replaces the one of its version; keeps the order of the path.
    pub fn put_image(&mut self, image: ImageRecord) {
        self.changed.push(image.version);
        self.dropped.retain(|version| *version != image.version);
        self.images.retain(|known| known.version != image.version);
        self.images.push(image);
        self.images.sort_by_key(|image| image.position);
    }

    /// Takes an image off the path.
    pub fn drop_image(&mut self, version: Version) {
        self.images.retain(|known| known.version != version);
        self.dropped.push(version);
    }

    /// An entry for the device's chain, with the next write.
    pub fn audit(&mut self, action: AuditAction, detail: Value) {
        self.audit.push(AuditFact::new(action, detail));
    }

    /// An event for the feed, with the next write.
    pub fn event(&mut self, event: JobEvent) {
        self.events.push(event);
    }

    /// Where the job is now, for people.
    pub fn at(&mut self, phase: Phase, progress: u8, message: impl Into<String>) {
        self.status.current_phase = phase;
        self.status.upgrade_status = match phase {
            Phase::Queued => UpgradeStatus::Pending,
            Phase::Identify | Phase::SoftwareCheck | Phase::PreFlightDiskCheck => UpgradeStatus::Validating,
            Phase::Download | Phase::Verify => UpgradeStatus::Downloading,
            Phase::Complete => UpgradeStatus::DownloadComplete,
        };
        self.status.progress = progress.min(100);
        self.status.upgrade_message = message.into();
    }

    /// Notes a failure in the document.
    pub fn failed(&mut self, kind: FailureKind, message: &str) {
        let (timestamp, phase) = (self.clock.now(), self.status.current_phase);
        self.status.push_error(StatusError { timestamp, phase, kind, message: message.to_owned() });
    }

    /// Writes what has gathered.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] when the job is no longer ours, also after the ledger was away for too long.
    pub async fn write(&mut self) -> Result<(), LedgerError> {
        self.store(None).await
    }

    /// Writes what has gathered and ends the attempt.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub async fn end(&mut self, end: &End) -> Result<(), LedgerError> {
        self.hold.begin_end();
        self.store(Some(end)).await
    }

    async fn store(&mut self, end: Option<&End>) -> Result<(), LedgerError> {
        self.status.last_updated = self.clock.now();
        // Copies: a call that is dropped on the way, as by an abort, leaves everything to the next one.
        let step = StepRecord {
            status: self.status.clone(),
            images: self
                .images
                .iter()
                .filter(|image| self.changed.contains(&image.version))
                .cloned()
                .collect(),
            audit: self.audit.clone(),
            events: self.events.clone(),
            dropped: self.dropped.clone(),
        };
        let writing = Arc::clone(&self.writing);
        let mut pause = FIRST_PAUSE;
        loop {
            self.hold.check()?;
            let whole = writing.enter();
            let written = match end {
                None => self.ledger.record(self.hold.lease(), &step).await,
                Some(end) => self.ledger.end(self.hold.lease(), end, &step).await,
            };
            drop(whole);
            match written {
                Ok(()) => {
                    self.changed.clear();
                    self.dropped.clear();
                    self.audit.clear();
                    self.events.clear();
                    self.relay.nudge();
                    return Ok(());
                }
                // The write may have been committed although its answer was lost; then the second one adds the
                // same entries and events once more, or finds the lease gone. Neither does harm.
                Err(error @ (LedgerError::NotReachable { .. } | LedgerError::Full { .. })) => {
                    debug!("step not written, trying again in {pause:?}: {}", Chain(&error));
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.hold.lost() => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests;
