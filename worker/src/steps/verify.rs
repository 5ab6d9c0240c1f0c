//! What is proved about each image, in words that claim no more than that.

use common::audit::AuditAction;
use common::domain::hash::{Evidence, HashObservation, HashOutcome, OtherHash, judge};
use common::domain::image::{ImageFile, ListedImage, SoftwareListing};
use common::domain::status::Phase;
use common::domain::version::Version;
use common::events::JobEvent;
use common::ledger::ImageState;
use serde_json::json;

use super::attempt::Attempt;
use crate::error::StepError;
use crate::measure;

/// A file for which this device reports another hash than others do, while none is trusted.
#[derive(Debug)]
pub(super) struct Dispute {
    version: Version,
    found: String,
    others: Vec<OtherHash>,
}

/// Compares the hashes of the images that were there before anything was asked for.
///
/// # Errors
/// [`StepError::HashMismatch`], [`StepError::HashDisputed`], [`StepError::HashNotProved`].
pub(super) async fn present_images(
    attempt: &mut Attempt<'_>,
    listing: &SoftwareListing,
) -> Result<(), StepError> {
    let present: Vec<Version> = attempt
        .journal
        .images()
        .iter()
        .filter(|image| image.state.is_present())
        .map(|image| image.version)
        .collect();
    if present.is_empty() {
        return Ok(());
    }
    for version in present {
        if let Some(listed) = listing.find(&version) {
            compare(attempt, listed).await?;
        }
    }
    let (progress, message) =
        (attempt.journal.status().progress, attempt.journal.status().upgrade_message.clone());
    attempt.journal.at(Phase::Verify, progress, message);
    attempt.journal.write().await?;
    verdict(attempt)
}

/// Compares the hash of one listed image with the catalogue, and with what the rest of the fleet reports for the
/// file, and notes the outcome; writes nothing of it yet.
///
/// # Errors
/// When the ledger does not answer while the lease lasts; when somebody wants to stop meanwhile.
pub(super) async fn compare(attempt: &mut Attempt<'_>, listed: &ListedImage) -> Result<(), StepError> {
    let catalogue = attempt.catalogue().await?;
    let Some(mut image) = attempt.journal.image(listed.version).cloned() else { return Ok(()) };
    if listed.file_name.is_some() {
        image.file_name.clone_from(&listed.file_name);
    }
    let expected = catalogue.expected(&listed.version, image.file_name.as_ref());
    let outcome = judge(listed.sha256.as_ref(), expected, Evidence::DeviceReported);
    let others = cross_check(attempt, listed, image.file_name.as_ref()).await?;

    let (journal, version) = (&mut *attempt.journal, listed.version.to_string());
    let status = journal.status_mut();
    if let Some(found) = &listed.sha256 {
        status.version_hashes.insert(version.clone(), found.to_string());
    }
    status.hash_verification.insert(version.clone(), outcome.clone());
    let list = if image.state == ImageState::AlreadyPresent {
        &mut status.skipped_versions
    } else {
        &mut status.downloaded_versions
    };
    if !list.contains(&version) {
        list.push(version.clone());
    }
    let file_name = image.file_name.as_ref().map(ToString::to_string);
    journal.audit(
        AuditAction::ImageHashed,
        json!({ "version": version, "file_name": file_name, "size_bytes": listed.size_bytes, "result": outcome }),
    );
    journal.event(JobEvent::ImageHash {
        version: version.clone(),
        file_name: file_name.clone(),
        outcome: outcome.clone(),
    });
    // With a trusted hash there is nothing to dispute: each device agrees with it, or mismatches.
    if let (HashOutcome::NoReference { found, .. }, false) = (&outcome, others.is_empty()) {
        let found = found.to_string();
        let sums = others.iter().map(|other| other.sha256.to_string()).collect();
        journal.event(JobEvent::HashDisputed { version, file_name, found: found.clone(), others: sums });
        journal.status_mut().ready_for_install = false;
        attempt.disputes.push(Dispute { version: listed.version, found, others });
    }
    measure::image(&outcome);
    image.outcome = Some(outcome);
    attempt.journal.put_image(image);
    Ok(())
}

/// Tells the fleet what this device reports for a file; answers what others report for it.
async fn cross_check(
    attempt: &Attempt<'_>,
    listed: &ListedImage,
    file_name: Option<&ImageFile>,
) -> Result<Vec<OtherHash>, StepError> {
    let Some(sha256) = listed.sha256.clone() else { return Ok(Vec::new()) };
    let observation = HashObservation {
        version: listed.version,
        file_name: file_name.cloned(),
        sha256,
        serial: attempt.job.device.device.serial.clone(),
    };
    attempt.observe(&observation).await
}

/// Fails on a mismatch, else on a disputed hash, else on the first image that the mode does not accept. Call it after
/// the outcomes are written.
///
/// # Errors
/// [`StepError::HashMismatch`], [`StepError::HashDisputed`], [`StepError::HashNotProved`].
pub(super) fn verdict(attempt: &Attempt<'_>) -> Result<(), StepError> {
    let mode = attempt.context.verification;
    let outcomes = || {
        let images = attempt.journal.images().iter();
        images.filter_map(|image| image.outcome.as_ref().map(|outcome| (image.version, outcome)))
    };
    for (version, outcome) in outcomes() {
        if let HashOutcome::Mismatch { expected, found, .. } = outcome {
            let (expected, found) = (expected.to_string(), found.to_string());
            return Err(StepError::HashMismatch { version, expected, found });
        }
    }
    if let Some(Dispute { version, found, others }) = attempt.disputes.first() {
        let (version, found, others) = (*version, found.clone(), others.clone());
        return Err(StepError::HashDisputed { version, found, others });
    }
    match outcomes().find(|(_, outcome)| !outcome.accepted(mode)) {
        Some((version, outcome)) => Err(StepError::HashNotProved { version, outcome: outcome.as_str() }),
        None => Ok(()),
    }
}

/// Every image is there and none is refused: the device is ready, if there is anything to install at all.
///
/// # Errors
/// As for [`verdict`].
pub(super) fn all(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
    let progress = attempt.journal.status().progress;
    attempt.journal.at(Phase::Verify, progress, "comparing hashes");
    verdict(attempt)?;
    let n_images = attempt.journal.images().len();
    let n_verified = attempt
        .journal
        .images()
        .iter()
        .filter(|image| matches!(image.outcome, Some(HashOutcome::Verified { .. })))
        .count();
    attempt.journal.status_mut().ready_for_install = n_images > 0;
    let message = match n_images {
        0 => "runs the target already".to_owned(),
        1 => format!("1 image on the device, {n_verified} verified"),
        n => format!("{n} images on the device, {n_verified} verified"),
    };
    attempt.journal.at(Phase::Complete, 100, message);
    Ok(())
}
