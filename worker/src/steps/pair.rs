//! The other member of an HA pair: one downloads and copies, the other proves what it got.
//!
//! Promises: the leading member asks the device to copy only while the pair is connected and in step, and says why
//! when it does not; the follower waits for what the trail of the leading job says was copied, and for
//! nothing else, then fetches the rest by itself and says why. A copy counts only by the follower's own list.
//!
//! Leaves to others: that never both download at once, and who leads (the ledger's claim).

use std::collections::BTreeSet;

use common::audit::{AuditAction, EntryBody, StoredEntry};
use common::domain::image::{Presence, SoftwareListing};
use common::domain::job::{JobId, JobState};
use common::domain::status::Phase;
use common::domain::version::Version;
use common::ledger::{ImageState, PairRole, TrailFilter};
use common::report::Chain;
use panos::{DeviceJob, HaState, SyncToPeer};
use serde_json::json;
use tokio::time::Instant;
use tracing::info;

use super::attempt::Attempt;
use super::download::{self, is_running_download};
use super::silence::quietly;
use crate::error::StepError;

/// Entries of the leading job's trail that are read at a time.
const PAGE: u32 = 500;

/// What `running-sync` says when both members have one configuration.
const IN_STEP: &str = "synchronized";

/// How an attempt shares its work with the other member.
#[derive(Debug, Default)]
pub(super) struct Pair {
    /// Images that the leading member was asked to copy to this one.
    pub(super) copied: BTreeSet<Version>,
    /// How this attempt asks for images; decided before the first one.
    sharing: Option<Sharing>,
}

/// How an image is asked for.
#[derive(Debug, Clone)]
pub(super) struct Sharing {
    /// Whether the peer is given it as well.
    pub(super) to_peer: SyncToPeer,
    /// Why not, where somebody wished it.
    pub(super) because: Option<String>,
}

impl Sharing {
    fn alone(because: Option<String>) -> Self {
        Self { to_peer: SyncToPeer::No, because }
    }
}

/// Reads what the leading member was asked to copy, if this device follows one.
///
/// # Errors
/// When the ledger cannot be read while the lease lasts.
pub(super) async fn run(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
    let PairRole::SyncFollower { lead, .. } = attempt.job.role else { return Ok(()) };
    let filter = TrailFilter { job: Some(lead), ..TrailFilter::default() };
    let mut after: Option<(String, i64)> = None;
    loop {
        let page = attempt
            .asking(|| {
                let after = after.as_ref().map(|(chain, seq)| (chain.as_str(), *seq));
                attempt.context.ledger.entries(&filter, after, PAGE)
            })
            .await?;
        attempt.pair.copied.extend(page.iter().filter_map(asked_to_copy));
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some((last.chain.clone(), last.seq)),
            Some(_) | None => return Ok(()),
        }
    }
}

/// The version that an entry says was asked for with a copy for the peer.
fn asked_to_copy(entry: &StoredEntry) -> Option<Version> {
    let body: EntryBody = serde_json::from_slice(&entry.body).ok()?;
    let copies = body.action == AuditAction::DownloadRequested && body.detail["sync_to_peer"] == true;
    if copies { body.detail["version"].as_str()?.parse().ok() } else { None }
}

/// Waits for the copies that are still missing. What does not come is left to the download step.
///
/// # Errors
/// What a call may meet; what the hash of a copy may show.
pub(super) async fn receive(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
    let PairRole::SyncFollower { lead, lead_state } = attempt.job.role else { return Ok(()) };
    let (mut last_change, mut last_shape) = (Instant::now(), None);
    let mut jobs = Vec::new();
    loop {
        let expected = expected(attempt);
        if expected.is_empty() {
            break;
        }
        let listing = download::listing(attempt).await?;
        for version in &expected {
            if let Some(listed) = listing.find(version).filter(|listed| listed.presence == Presence::Present)
            {
                note_copy(attempt, *version, lead);
                download::finish(attempt, listed).await?;
            }
        }
        let expected = self::expected(attempt);
        if expected.is_empty() {
            break;
        }
        // The list decides; of the jobs only a change is of interest, so an error here is none, and no change either.
        if let Ok(answer) = quietly(attempt, |client| async move { client.jobs().await }).await {
            jobs = answer;
        }
        let shape = shape(&listing, &expected, &jobs);
        let is_underway = shape.iter().any(|(presence, _)| *presence == Some(Presence::Downloading))
            || jobs.iter().any(is_running_download);
        if !is_underway && lead_state != JobState::Completed {
            break;
        }
        if last_shape.is_none() {
            let message = format!("waiting for the copy from the other member of the pair, job {lead}");
            attempt.journal.at(Phase::Download, 10, message);
            attempt.journal.write().await?;
        }
        if last_shape.as_ref() != Some(&shape) {
            (last_change, last_shape) = (Instant::now(), Some(shape));
        } else if last_change.elapsed() >= attempt.context.patience.sync {
            break;
        }
        attempt.wait(attempt.context.pace.slow(rand::random())).await?;
    }
    let left = expected(attempt);
    let because = why_alone(&left, lead, lead_state, last_change);
    attempt.pair.sharing = Some(Sharing::alone(Some(because)));
    Ok(())
}

/// Images that are to come from the peer and are not here yet.
fn expected(attempt: &Attempt<'_>) -> Vec<Version> {
    let missing = attempt.journal.images().iter().filter(|image| image.state == ImageState::Missing);
    missing.map(|image| image.version).filter(|version| attempt.pair.copied.contains(version)).collect()
}

/// Everything that can change while a copy comes: what the list says, and how far the running downloads are.
fn shape(
    listing: &SoftwareListing,
    expected: &[Version],
    jobs: &[DeviceJob],
) -> Vec<(Option<Presence>, Option<u8>)> {
    let listed = expected.iter().map(|version| (listing.find(version).map(|listed| listed.presence), None));
    let running = jobs.iter().filter(|job| is_running_download(job)).map(|job| (None, job.progress));
    listed.chain(running).collect()
}

fn why_alone(left: &[Version], lead: JobId, lead_state: JobState, last_change: Instant) -> String {
    if left.is_empty() {
        format!("job {lead} of the other member did not copy it")
    } else if lead_state == JobState::Completed {
        let for_s = last_change.elapsed().as_secs();
        format!("job {lead} of the other member was to copy it, and nothing came for {for_s} s")
    } else {
        format!("job {lead} of the other member was to copy it, and is {}", lead_state.as_str())
    }
}

/// Notes that an image came from the peer; written with its hash.
pub(super) fn note_copy(attempt: &mut Attempt<'_>, version: Version, lead: JobId) {
    let serial = &attempt.job.device.device.serial;
    info!("{serial}: {version} came from the other member of the pair, job {lead}");
    let detail = json!({ "version": version.to_string(), "result": "copied_by_peer", "lead_job": lead });
    attempt.journal.audit(AuditAction::DownloadEnded, detail);
}

/// How images are asked for in this attempt. A leading member looks at its pair first.
///
/// # Errors
/// None of the device's: a pair that cannot be asked is one that is not copied to.
pub(super) async fn sharing(attempt: &mut Attempt<'_>) -> Result<Sharing, StepError> {
    if let Some(sharing) = &attempt.pair.sharing {
        return Ok(sharing.clone());
    }
    let sharing = match &attempt.job.role {
        PairRole::Alone | PairRole::Member | PairRole::SyncFollower { .. } => Sharing::alone(None),
        PairRole::SyncLead { .. } => match trouble(attempt).await {
            None => Sharing { to_peer: SyncToPeer::Yes, because: None },
            Some(trouble) => {
                let serial = &attempt.job.device.device.serial;
                info!("{serial}: not copying to the peer: {trouble}");
                Sharing::alone(Some(trouble))
            }
        },
    };
    attempt.pair.sharing = Some(sharing.clone());
    Ok(sharing)
}

/// Why the device should not copy to its peer now.
async fn trouble(attempt: &Attempt<'_>) -> Option<String> {
    match quietly(attempt, |client| async move { client.ha_state().await }).await {
        Err(error) => Some(format!("its pair could not be asked about: {}", Chain(&error))),
        Ok(state) => trouble_of(&state),
    }
}

fn trouble_of(state: &HaState) -> Option<String> {
    match state {
        HaState::Disabled => Some("the device is in no pair, it says".to_owned()),
        HaState::Enabled(pair) if !pair.peer_connected => {
            Some("the device has no connection to its peer".to_owned())
        }
        HaState::Enabled(pair) => pair
            .running_sync
            .as_deref()
            .filter(|sync| !sync.eq_ignore_ascii_case(IN_STEP))
            .map(|sync| format!("the pair is out of step: its configuration is {sync}")),
    }
}

#[cfg(test)]
mod tests;
