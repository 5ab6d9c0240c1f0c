//! What was done to a device, as its audit chain has it, with what proves it.
//!
//! Promises: entries come as they were hashed; whether the chain is whole is recomputed from its beginning, entry by
//! entry. Leaves to others: anchors, and copies of them that are kept elsewhere (`panos-upgrade audit verify`).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use common::audit::{EntryBody, EntryHash, StoredEntry};
use common::ledger::{Ledger, LedgerError, TrailFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::asked::{Asked, Named, no_such_device, serial, within};
use crate::error::ApiError;
use crate::state::AppState;

/// Entries of a page, where nobody says how many.
const PAGE: u32 = 100;

/// Most entries of a page.
const MAX_PAGE: u32 = 500;

/// Entries that are recomputed for one answer; a job leaves about twenty.
const MAX_RECOMPUTED: i64 = 5_000;

/// How long recomputing may take.
const RECOMPUTED_WITHIN: Duration = Duration::from_secs(3);

/// Which entries.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimelineQuery {
    /// Only entries after this position: `next_after` of the page before.
    pub after: Option<i64>,
    /// Entries per page, 1 to 500. Default: 100.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u32>,
}

/// A page of what was done.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Timeline {
    /// What recomputing the whole chain found.
    pub chain: Chain,
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Give it as `after` for the next page; `null` on the last one.
    pub next_after: Option<i64>,
}

/// Whether a chain is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Chain {
    /// Every hash fits.
    Whole {
        /// Entries that were recomputed.
        entries: i64,
    },
    /// Something was changed, removed or inserted.
    Broken {
        /// The first position that does not fit.
        seq: i64,
    },
    /// It is too long, or took too long: `panos-upgrade audit verify` has no such limit.
    Unchecked,
}

/// One entry.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Entry {
    /// Position, from 1.
    pub seq: i64,
    /// What was hashed, in canonical form when its keys are sorted; `null` where it cannot be read.
    pub body: Option<EntryBody>,
    /// Hash of the predecessor, 64 hexadecimal digits.
    pub prev: String,
    /// Hash of this entry.
    pub hash: String,
}

impl From<&StoredEntry> for Entry {
    fn from(entry: &StoredEntry) -> Self {
        Self {
            seq: entry.seq,
            body: serde_json::from_slice(&entry.body).ok(),
            prev: entry.prev.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// `GET /api/v1/devices/{serial}/timeline`.
///
/// # Errors
/// 404 for a device that is not in the inventory; what the ledger says.
pub async fn timeline(
    State(state): State<AppState>,
    Named(asked): Named,
    Asked(query): Asked<TimelineQuery>,
) -> Result<Json<Timeline>, ApiError> {
    let serial = serial(&asked)?;
    let limit = within("limit", query.limit, MAX_PAGE, PAGE)?;
    let ledger = state.engine.ledger.as_ref();
    if ledger.device(&serial).await?.is_none() {
        return Err(no_such_device(serial));
    }
    let chain = serial.as_str();
    let filter = TrailFilter { chain: Some(chain.to_owned()), job: None };
    let after = query.after.map(|seq| (chain, seq));
    let stored = ledger.entries(&filter, after, limit + 1).await?;
    let page = &stored[..stored.len().min(limit as usize)];
    let next_after = if stored.len() > page.len() { page.last().map(|entry| entry.seq) } else { None };
    let recomputed = tokio::time::timeout(RECOMPUTED_WITHIN, recompute(ledger, chain)).await;
    Ok(Json(Timeline {
        chain: recomputed.unwrap_or(Ok(Chain::Unchecked))?,
        entries: page.iter().map(Entry::from).collect(),
        next_after,
    }))
}

async fn recompute(ledger: &dyn Ledger, chain: &str) -> Result<Chain, LedgerError> {
    let filter = TrailFilter { chain: Some(chain.to_owned()), job: None };
    let (mut seq, mut hash) = (0, EntryHash::genesis(ledger.installation().await?, chain));
    loop {
        let entries = ledger.entries(&filter, Some((chain, seq)), MAX_PAGE).await?;
        if entries.is_empty() {
            return Ok(Chain::Whole { entries: seq });
        }
        for entry in entries {
            seq += 1;
            let next = hash.next(seq, &entry.body);
            if entry.seq != seq || entry.prev != hash || entry.hash != next {
                return Ok(Chain::Broken { seq });
            }
            hash = next;
        }
        if seq >= MAX_RECOMPUTED {
            return Ok(Chain::Unchecked);
        }
    }
}
