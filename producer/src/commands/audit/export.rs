//! `audit export`: entries as they are stored, one JSON object per line, with everything that a second
//! program needs to recompute the hashes: `hash = SHA-256(prev ‖ seq as 8 bytes big-endian ‖ body)`.

use common::audit::{EntryBody, StoredEntry};
use common::ledger::TrailFilter;
use serde::Serialize;

use super::pages::{self, chain};
use crate::context::Context;
use crate::exit;

/// One stored entry. Names of fields are interface.
#[derive(Serialize)]
struct Exported<'a> {
    chain: &'a str,
    seq: i64,
    /// The time in the body, which is proven; left empty where the body is no entry.
    at: Option<String>,
    prev: String,
    hash: String,
    /// The canonical text, whose UTF-8 bytes were hashed.
    body: &'a str,
}

/// Prints entries as they come, by chain and position; the same in both output formats.
pub(crate) async fn run(context: &Context, device: Option<String>) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let filter = TrailFilter { chain: chain(ledger.as_ref(), device).await?, job: None };
    let print = |page: Vec<StoredEntry>| {
        let mut lines = String::new();
        for entry in &page {
            lines.push_str(&serde_json::to_string(&exported(entry)?)?);
            lines.push('\n');
        }
        context.output.write(&crate::output::json_text(&lines))
    };
    pages::each(ledger.as_ref(), &filter, print).await?;
    Ok(exit::OK)
}

fn exported(entry: &StoredEntry) -> anyhow::Result<Exported<'_>> {
    Ok(Exported {
        chain: &entry.chain,
        seq: entry.seq,
        at: serde_json::from_slice::<EntryBody>(&entry.body).ok().map(|body| body.at.to_string()),
        prev: entry.prev.to_string(),
        hash: entry.hash.to_string(),
        body: std::str::from_utf8(&entry.body)?,
    })
}
