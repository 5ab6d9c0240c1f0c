//! What can the device have, what does it have, and which images does the goal need?

use common::audit::AuditAction;
use common::domain::image::{ListedImage, Presence, SoftwareListing};
use common::domain::path::{self, Plan, PlannedImage};
use common::domain::status::Phase;
use common::domain::version::Version;
use common::events::JobEvent;
use common::ledger::{ImageRecord, ImageState, PairRole};
use serde_json::json;
use tracing::info;

use super::attempt::Attempt;
use super::{download, pair, silence};
use crate::border;
use crate::error::StepError;

/// The rule of an image that no plan of ours has, and the device asked for.
const ASKED_FOR: &str = "base image that the device asked for";

/// Refreshes the device's list, plans, and records the images of the path.
///
/// # Errors
/// [`StepError::NoPath`] and [`StepError::RunningVersion`] when no images lead to the goal; what the call may meet.
pub(super) async fn run(attempt: &mut Attempt<'_>) -> Result<SoftwareListing, StepError> {
    attempt.safe_point()?;
    let checked = silence::through(attempt, |client| async move { client.software_check().await }).await?;
    let listing = border::listing(checked);
    let running = &attempt.journal.status().current_version;
    let current: Version =
        running.parse().map_err(|_| StepError::RunningVersion { found: quoted(running) })?;
    let plan = path::plan(&current, &attempt.job.goal, Some(&listing), &attempt.context.policy)?;
    record(attempt, &plan, &listing);
    attempt.journal.write().await?;
    Ok(listing)
}

fn record(attempt: &mut Attempt<'_>, plan: &Plan, listing: &SoftwareListing) {
    let dropped = drop_stale(attempt, plan, listing);
    for (position, planned) in plan.images.iter().enumerate() {
        let known = attempt.journal.image(planned.version).cloned();
        let copied = attempt.pair.copied.contains(&planned.version);
        let was_on_its_way = match known.as_ref().map(|known| known.state) {
            Some(ImageState::Requested | ImageState::Downloading) => true,
            Some(ImageState::Missing) | None => copied,
            Some(ImageState::Downloaded | ImageState::AlreadyPresent) => false,
        };
        let was_asked_for = known.as_ref().is_some_and(|known| known.state != ImageState::Missing);
        let image = merged(position, planned, known, copied);
        if was_on_its_way && image.state == ImageState::Downloaded {
            // It arrived while nobody looked; the feed tells of it all the same.
            attempt.journal.event(JobEvent::ImagePresent { version: planned.version.to_string() });
            if let (PairRole::SyncFollower { lead, .. }, false) = (&attempt.job.role, was_asked_for) {
                pair::note_copy(attempt, planned.version, *lead);
            }
        }
        attempt.journal.put_image(image);
    }
    renumber(attempt, plan);
    let versions =
        |of: &mut dyn Iterator<Item = &PlannedImage>| of.map(|image| image.version.to_string()).collect();
    let path: Vec<String> = versions(&mut plan.images.iter());
    let missing: Vec<String> = versions(&mut plan.missing());
    let (missing_bytes, n_unknown) = plan.bytes_missing();

    let journal = &mut *attempt.journal;
    let status = journal.status_mut();
    status.target_version = Some(plan.target.to_string());
    status.upgrade_path.clone_from(&path);
    journal.audit(
        AuditAction::PathPlanned,
        json!({
            "current": plan.current.to_string(),
            "target": plan.target.to_string(),
            "path": plan.images.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "cautions": plan.cautions.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "missing_bytes": missing_bytes,
            "n_sizes_unknown": n_unknown,
            "n_listed": listing.images().len(),
            "ignored": listing.ignored(),
            "dropped": dropped.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
    );
    journal.event(JobEvent::Planned {
        current_version: plan.current.to_string(),
        path,
        missing,
        missing_bytes,
    });
    let message = match plan.missing().count() {
        0 => "every image of the path is on the device".to_owned(),
        n => format!("{n} of {} images are missing", plan.images.len()),
    };
    journal.at(Phase::PreFlightDiskCheck, 5, message);
}

/// Takes images of an earlier plan off the path that are neither on it now nor on the device, nor on their way. A base
/// that the device asked for stays: no plan of ours knows of it.
fn drop_stale(attempt: &mut Attempt<'_>, plan: &Plan, listing: &SoftwareListing) -> Vec<Version> {
    let is_planned = |version| plan.images.iter().any(|planned| planned.version == version);
    let stale: Vec<Version> = attempt
        .journal
        .images()
        .iter()
        .filter(|image| image.state == ImageState::Missing && !is_planned(image.version))
        .filter(|image| image.rule != ASKED_FOR || listing.find(&image.version).is_none())
        .map(|image| image.version)
        .collect();
    for version in &stale {
        info!("{}: {version} is no longer on the path", attempt.job.device.device.serial);
        attempt.journal.drop_image(*version);
    }
    stale
}

/// Puts what is not on the plan, and stays, where its version belongs: a base before what builds on it.
fn renumber(attempt: &mut Attempt<'_>, plan: &Plan) {
    let is_planned = |version| plan.images.iter().any(|planned| planned.version == version);
    if attempt.journal.images().iter().all(|image| is_planned(image.version)) {
        return;
    }
    let mut order: Vec<ImageRecord> =
        attempt.journal.images().iter().filter(|image| is_planned(image.version)).cloned().collect();
    let others: Vec<ImageRecord> =
        attempt.journal.images().iter().filter(|image| !is_planned(image.version)).cloned().collect();
    for other in others {
        let before = order.iter().position(|image| image.version > other.version).unwrap_or(order.len());
        order.insert(before, other);
    }
    for (position, mut image) in order.into_iter().enumerate() {
        image.position = u32::try_from(position).unwrap_or(u32::MAX);
        attempt.journal.put_image(image);
    }
}

/// The record of a planned image: what the device shows now, and what earlier attempts, or the leading member of the
/// pair (`copied`), did about it.
fn merged(position: usize, planned: &PlannedImage, known: Option<ImageRecord>, copied: bool) -> ImageRecord {
    let noted = known.as_ref().map_or(ImageState::Missing, |known| known.state);
    let state = match (planned.presence, noted) {
        (Some(Presence::Present), ImageState::AlreadyPresent) => ImageState::AlreadyPresent,
        // Asked for by an earlier attempt of this job, whose end nobody saw.
        (
            Some(Presence::Present),
            ImageState::Requested | ImageState::Downloading | ImageState::Downloaded,
        ) => ImageState::Downloaded,
        (Some(Presence::Present), ImageState::Missing) if copied => ImageState::Downloaded,
        (Some(Presence::Present), ImageState::Missing) => ImageState::AlreadyPresent,
        // It was there and somebody deleted it.
        (_, ImageState::Downloaded | ImageState::AlreadyPresent | ImageState::Missing) => ImageState::Missing,
        (_, underway @ (ImageState::Requested | ImageState::Downloading)) => underway,
    };
    ImageRecord {
        version: planned.version,
        position: u32::try_from(position).unwrap_or(u32::MAX),
        rule: planned.rule.to_string(),
        file_name: planned.file_name.clone(),
        size_bytes: planned.size_bytes,
        state,
        device_job: known
            .as_ref()
            .filter(|_| state != ImageState::Missing)
            .and_then(|known| known.device_job),
        outcome: known.and_then(|known| known.outcome),
    }
}

/// Puts the base image that the device asked for before the image that needs it, and that one back to missing. A base
/// that is there may not be loaded yet ("the software manager is currently in use" is what others get then): it
/// is waited for once, for as long as for a busy device.
///
/// # Errors
/// [`StepError::DownloadFailed`] when the device asks again for a base that is there, for one that is no older than
/// the image, or for one that it does not list.
pub(super) async fn insert_base(
    attempt: &mut Attempt<'_>,
    needed_by: Version,
    base: &str,
    message: String,
) -> Result<(), StepError> {
    attempt.safe_point()?;
    let refusal = panos::Refusal::BaseMissing { version: base.to_owned() };
    let failed = StepError::DownloadFailed { version: needed_by, refusal, message };
    let listing = download::listing(attempt).await?;
    let Some(listed) = base.parse().ok().and_then(|base: Version| listing.find(&base)) else {
        return Err(failed);
    };
    // A base is older than what builds on it: without this a device that names two images each as the other's
    // base, or one as its own, would be asked for them for ever.
    if listed.version >= needed_by {
        return Err(failed);
    }
    let is_known = attempt.journal.image(listed.version).is_some();
    if listed.presence == Presence::Present || is_known {
        if !attempt.waited_for_base.insert(needed_by) {
            return Err(failed);
        }
        attempt.put_state(needed_by, ImageState::Missing, None);
        if listed.presence == Presence::Present {
            let message = format!("waiting until the device has loaded {}", listed.version);
            let progress = attempt.journal.status().progress;
            attempt.journal.at(Phase::Download, progress, message);
            attempt.journal.write().await?;
            attempt.wait(attempt.context.patience.busy).await?;
        }
    }
    if !is_known {
        place_before(attempt, listed, needed_by);
    } else if listed.presence != Presence::Present {
        // It was there, and somebody deleted it.
        attempt.put_state(listed.version, ImageState::Missing, None);
    }
    let path = attempt.journal.images().iter().map(|image| image.version.to_string()).collect();
    attempt.journal.status_mut().upgrade_path = path;
    attempt.journal.audit(
        AuditAction::PathPlanned,
        json!({ "base_inserted": listed.version.to_string(), "needed_by": needed_by.to_string() }),
    );
    Ok(attempt.journal.write().await?)
}

/// Makes room for a base on the path.
fn place_before(attempt: &mut Attempt<'_>, base: &ListedImage, needed_by: Version) {
    let Some(position) = attempt.journal.image(needed_by).map(|image| image.position) else { return };
    let later: Vec<ImageRecord> =
        attempt.journal.images().iter().filter(|image| image.position >= position).cloned().collect();
    for mut image in later {
        image.position += 1;
        if image.version == needed_by {
            image.state = ImageState::Missing;
            image.device_job = None;
        }
        attempt.journal.put_image(image);
    }
    attempt.journal.put_image(base_record(base, position));
}

fn base_record(listed: &ListedImage, position: u32) -> ImageRecord {
    let present = listed.presence == Presence::Present;
    ImageRecord {
        version: listed.version,
        position,
        rule: ASKED_FOR.to_owned(),
        file_name: listed.file_name.clone(),
        size_bytes: listed.size_bytes,
        state: if present { ImageState::AlreadyPresent } else { ImageState::Missing },
        device_job: None,
        outcome: None,
    }
}

/// A device's text for a message: short, without control characters.
fn quoted(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("`{shown}`")
}
