//! What is proved about each image, in words that claim no more than that.

use common::audit::AuditAction;
use common::domain::hash::{Evidence, HashOutcome, judge};
use common::domain::image::{ListedImage, SoftwareListing};
use common::domain::status::Phase;
use common::domain::version::Version;
use common::events::JobEvent;
use common::ledger::ImageState;
use serde_json::json;

use super::Attempt;
use crate::error::StepError;

/// Compares the hashes of the images that were there before anything was asked for.
///
/// # Errors
/// [`StepError::HashMismatch`], [`StepError::HashNotProved`].
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
    attempt.journal.write().await?;
    verdict(attempt)
}

/// Compares the hash of one listed image with the catalogue and notes the outcome; writes nothing yet.
///
/// # Errors
/// When the catalogue cannot be read while the lease lasts; when somebody wants to stop meanwhile.
pub(super) async fn compare(attempt: &mut Attempt<'_>, listed: &ListedImage) -> Result<(), StepError> {
    let catalogue = attempt.catalogue().await?;
    let Some(mut image) = attempt.journal.image(listed.version).cloned() else { return Ok(()) };
    if listed.file_name.is_some() {
        image.file_name.clone_from(&listed.file_name);
    }
    let expected = catalogue.expected(&listed.version, image.file_name.as_ref());
    let outcome = judge(listed.sha256.as_ref(), expected, Evidence::DeviceReported);

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
    journal.event(JobEvent::ImageHash { version, file_name, outcome: outcome.clone() });
    image.outcome = Some(outcome);
    journal.put_image(image);
    Ok(())
}

/// Fails on the first image that the mode does not accept. Call it after the outcomes are written.
///
/// # Errors
/// [`StepError::HashMismatch`], [`StepError::HashNotProved`].
pub(super) fn verdict(attempt: &Attempt<'_>) -> Result<(), StepError> {
    let mode = attempt.context.verification;
    for image in attempt.journal.images() {
        match &image.outcome {
            Some(outcome) if outcome.accepted(mode) => {}
            None => {}
            Some(HashOutcome::Mismatch { expected, found, .. }) => {
                return Err(StepError::HashMismatch {
                    version: image.version,
                    expected: expected.to_string(),
                    found: found.to_string(),
                });
            }
            Some(
                outcome @ (HashOutcome::Verified { .. }
                | HashOutcome::NotReported
                | HashOutcome::NoReference { .. }),
            ) => {
                return Err(StepError::HashNotProved { version: image.version, outcome: outcome.as_str() });
            }
        }
    }
    Ok(())
}

/// Every image is there and none is refused: the device is ready, if there is anything to install at all.
///
/// # Errors
/// As for [`verdict`].
pub(super) fn all(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
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
