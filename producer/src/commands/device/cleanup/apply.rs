//! Deletes images one after the other, each with an entry in the trail before and after.
//!
//! Promises: an image is asked to go only while it is dispensable by the device's list of that moment and no job
//! holds the device; what it was asked is noted before the request leaves, and that it is gone only after the list
//! says so. A refusal costs that image, a device that does not answer ends it. Killed at any point, it may be run
//! again.

use std::collections::BTreeSet;
use std::time::Duration;

use common::audit::{AuditAction, AuditFact};
use common::domain::cleanup::{CleanupPlan, Deletable};
use common::domain::device::Device;
use common::domain::image::{Presence, SoftwareListing};
use common::domain::job::Requester;
use common::domain::version::Version;
use common::ledger::Ledger;
use common::report::Chain;
use panos::{Client, PanosError};
use serde_json::json;

use super::report::{Applied, Failed};
use super::{Needed, active, free};
use crate::ask::{self, List};
use crate::progress::Progress;

/// Looks at the list after a deletion. Most devices delete at once, some do it in a job of their own.
const LOOKS: u32 = 10;

/// Time between two looks.
const BETWEEN: Duration = Duration::from_secs(2);

/// Deletes on one device for one person.
pub(super) struct Apply<'a> {
    pub(super) ledger: &'a dyn Ledger,
    pub(super) client: &'a Client,
    pub(super) device: &'a Device,
    pub(super) by: Requester,
}

/// What became of one request.
enum Ending {
    /// The list shows it gone.
    Gone(SoftwareListing),
    /// It is still there; the next one may be tried.
    Still(SoftwareListing, String),
    /// The device does not answer any more.
    Lost(String),
}

impl Apply<'_> {
    /// Deletes what `plan` proposes, as long as the device's own list agrees.
    ///
    /// # Errors
    /// What the ledger may meet: without the note nothing is asked of the device.
    pub(super) async fn run(&self, needed: &Needed, mut plan: CleanupPlan) -> anyhow::Result<Applied> {
        let progress = Progress::of(plan.delete.len(), "deleting images");
        let mut applied = Applied::default();
        let mut tried = BTreeSet::new();
        let is_new = |tried: &BTreeSet<Version>, image: &&Deletable| !tried.contains(&image.version);
        while let Some(image) = plan.delete.iter().find(|image| is_new(&tried, image)).cloned() {
            tried.insert(image.version);
            progress.add(1);
            if !image.only_after.is_empty() {
                let others: Vec<String> = image.only_after.iter().map(ToString::to_string).collect();
                applied.fail(
                    image.version,
                    format!("it is the base of {}, which could not be deleted", others.join(", ")),
                );
                continue;
            }
            if let Some(job) = active(self.ledger, self.device).await? {
                applied.fail(
                    image.version,
                    format!("job {} began meanwhile, so nothing more was deleted", job.id),
                );
                break;
            }
            let listing = match self.delete(&image).await? {
                Ending::Gone(listing) => {
                    applied.deleted.push(image.version);
                    listing
                }
                Ending::Still(listing, message) => {
                    applied.fail(image.version, message);
                    listing
                }
                Ending::Lost(message) => {
                    applied.fail(image.version, message);
                    break;
                }
            };
            match needed.propose(&listing) {
                Ok(now) => plan = now,
                Err(changed) => {
                    applied.failed.push(Failed { version: None, message: changed.to_string() });
                    break;
                }
            }
        }
        // Of interest, and nothing depends on it.
        applied.available_bytes =
            self.client.disk_space().await.ok().and_then(|disk| free(&disk)).map(|free| free.available_bytes);
        Ok(applied)
    }

    async fn delete(&self, image: &Deletable) -> anyhow::Result<Ending> {
        let version = image.version.to_string();
        let detail = json!({
            "version": version,
            "file_name": image.file_name,
            "size_bytes": image.size_bytes,
            "address": self.client.endpoint().to_string(),
        });
        self.note(AuditAction::ImageDeleteRequested, detail).await?;
        let answer = self.client.delete(&version).await;
        let (looks, refused) = match &answer {
            Ok(()) => (LOOKS, None),
            Err(PanosError::Refused { message, .. }) => (1, Some(message.clone())),
            Err(error) => (1, Some(Chain(error).to_string())),
        };
        match self.look(image.version, looks).await {
            Ok((listing, true)) => {
                self.note(AuditAction::ImageDeleted, json!({ "version": version })).await?;
                Ok(Ending::Gone(listing))
            }
            Ok((listing, false)) => {
                let message =
                    refused.unwrap_or_else(|| "the device accepted and lists it all the same".to_owned());
                Ok(Ending::Still(listing, message))
            }
            Err(error) => Ok(Ending::Lost(refused.unwrap_or_else(|| Chain(&error).to_string()))),
        }
    }

    /// The device's list, and whether the image is gone from it.
    async fn look(&self, version: Version, looks: u32) -> Result<(SoftwareListing, bool), PanosError> {
        let mut left = looks;
        loop {
            let listing = ask::listing(self.client, List::Remembered).await?.listing;
            let is_gone = listing.find(&version).is_none_or(|image| image.presence == Presence::Absent);
            left = left.saturating_sub(1);
            if is_gone || left == 0 {
                return Ok((listing, is_gone));
            }
            tokio::time::sleep(BETWEEN).await;
        }
    }

    async fn note(&self, action: AuditAction, detail: serde_json::Value) -> anyhow::Result<()> {
        Ok(self.ledger.note(&self.device.serial, &AuditFact::new(action, detail), &self.by).await?)
    }
}
