//! Recomputes the whole trail and names the first place that does not fit.
//!
//! # What is found
//! - An entry that was changed, removed, inserted or moved; one whose columns beside the content say something else.
//! - A chain that begins elsewhere, a head that is not its chain's end, a chain without a head.
//! - A chain that does not reach, or does not pass through, what an anchor once saw of it, also when its head and all its
//!   entries are gone; an anchor that was changed, removed, inserted, or whose heads or totals are not its own.
//! - A job that the ledger calls queued or ended, and no entry says so.
//! - With [`Copies`] of anchors: a trail that was built anew with right hashes, and anchors cut from the end.
//!
//! # What is not
//! Entries cut from the end of a chain since the last anchor, together with the head, when neither queued nor ended a job
//! that is still there: [`Verification::unanchored`] counts the entries for which only that much holds. What somebody who
//! owns the database built anew, unless copies of anchors from outside it are compared. The time column beside an
//! entry, nearer than [`AT_TOLERANCE`]. The order between chains, but for anchors.
//!
//! # Order
//! Anchors among themselves by number, each with its copy; then chains by byte order of their names, and within one by
//! position; then heads and totals of anchors by number; then jobs by number. The first bad place in this order is the
//! one that is named, whatever else is broken.
//!
//! Memory stays flat however long the trail is, but for two hundred bytes per anchor (seven megabytes for a year of four
//! an hour). It may run while the ledger is in use: what is appended meanwhile is no break. `chains` walks the chains,
//! `anchors` checks the anchors, `pages` reads.

mod anchors;
mod chains;
mod pages;

use std::time::Duration;

use serde::Serialize;

use super::copies::Copies;
use super::entry::SYSTEM_CHAIN;
use super::{JobProofs, UnprovenJob};
use crate::domain::job::JobId;
use crate::ledger::{LedgerError, Trail};
use anchors::Anchors;
use chains::Walker;

/// Where [`FirstBad`] says that an anchor is bad; no serial has such a name.
pub const ANCHORS: &str = "(anchors)";

/// How far the time column beside an entry, by the database's clock, may be from the time in its content, by the clock of
/// who wrote it. Wide enough for a machine that has the wrong time zone: a wrong clock is no broken trail.
pub const AT_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Jobs that are looked at in one query.
const JOBS_PER_QUERY: u32 = 10_000;

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Entries that were recomputed.
    pub entries: u64,
    /// Chains of devices.
    pub devices: u64,
    /// Anchors that were recomputed.
    pub anchors: u64,
    /// Entries above the last anchor of their chain.
    pub unanchored: u64,
    /// Whether everything fits.
    pub ok: bool,
    /// The first place that does not; left out of JSON when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<FirstBad>,
}

/// Where a trail breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstBad {
    /// Serial of the device, or `system`, or [`ANCHORS`].
    pub chain: String,
    /// Position of the entry, 0 for the beginning of the chain; number of the anchor.
    pub seq: i64,
    /// What is wrong with it, in one sentence.
    pub reason: String,
}

/// What to compare with, and whom to tell.
pub struct Against<'a> {
    /// Anchors that were kept outside the ledger.
    pub copies: Option<&'a Copies>,
    /// Is told how many entries are read, page by page.
    pub told: &'a (dyn Fn(u64) + Sync),
}

impl Default for Against<'_> {
    fn default() -> Self {
        Self { copies: None, told: &|_| () }
    }
}

/// Recomputes everything, up to the first bad place.
///
/// # Errors
/// [`LedgerError::NotReachable`], [`LedgerError::Store`]. A broken trail is no error, but
/// [`Verification::first_bad`].
pub async fn verify(trail: &dyn Trail) -> Result<Verification, LedgerError> {
    verify_against(trail, &Against::default()).await
}

/// The same, compared with copies, and telling how far it is.
///
/// # Errors
/// As for [`verify`].
pub async fn verify_against(trail: &dyn Trail, against: &Against<'_>) -> Result<Verification, LedgerError> {
    let mut found =
        Verification { entries: 0, devices: 0, anchors: 0, unanchored: 0, ok: true, first_bad: None };
    found.first_bad = first_bad(trail, against, &mut found).await?;
    found.ok = found.first_bad.is_none();
    Ok(found)
}

async fn first_bad(
    trail: &dyn Trail,
    against: &Against<'_>,
    found: &mut Verification,
) -> Result<Option<FirstBad>, LedgerError> {
    let installation = trail.installation().await?;
    let anchors = match Anchors::read(trail, installation, against.copies).await? {
        Ok(anchors) => anchors,
        Err(bad) => return Ok(Some(bad.of(ANCHORS))),
    };
    found.anchors = anchors.n_anchors();

    let mut walker = Walker::new(trail, installation, anchors, against.told);
    while let Some(chain) = walker.next_chain().await? {
        let walked = walker.walk(&chain).await?;
        found.devices += u64::from(chain != SYSTEM_CHAIN);
        found.entries = walker.n_entries;
        found.unanchored = walker.n_unanchored;
        if let Err(bad) = walked {
            return Ok(Some(bad.of(&chain)));
        }
    }
    if let Err(bad) = walker.anchors.end(trail).await? {
        return Ok(Some(bad.of(ANCHORS)));
    }
    unproven_job(trail).await
}

/// The first job whose row speaks of an entry that is not there.
async fn unproven_job(trail: &dyn Trail) -> Result<Option<FirstBad>, LedgerError> {
    let mut after: Option<JobId> = None;
    loop {
        let JobProofs { last, unproven } = trail.job_proofs(after, JOBS_PER_QUERY).await?;
        if let Some(UnprovenJob { job, chain, state, missing, seq }) = unproven {
            let reason = format!("it is missing: job {job} is {state}, and no entry `{missing}` says so");
            return Ok(Some(FirstBad { chain, seq: seq + 1, reason }));
        }
        if last.is_none() {
            return Ok(None);
        }
        after = last;
    }
}

/// A place that does not fit.
struct Bad {
    seq: i64,
    reason: String,
}

impl Bad {
    fn at(seq: i64, reason: impl Into<String>) -> Self {
        Self { seq, reason: reason.into() }
    }

    fn of(self, chain: &str) -> FirstBad {
        FirstBad { chain: chain.to_owned(), seq: self.seq, reason: self.reason }
    }
}
