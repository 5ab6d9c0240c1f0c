//! Hashes into the ledger: all of them or none; a trusted one is replaced only when that was asked for.
//!
//! Replacing is removing, then adding, each audited with the reason. Killed in between, it leaves fewer trusted
//! hashes, never a wrong one, and doing it again completes it.

use common::domain::catalogue::CatalogueEntry;
use common::domain::job::Requester;
use common::ledger::{CatalogueChange, CatalogueConflict, Ledger};
use serde::Serialize;

use super::key;
use crate::cli::{Format, Replace};
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::requester::{because, requester};

/// What changed. Names of fields are interface.
#[derive(Serialize)]
struct Stored {
    #[serde(flatten)]
    change: CatalogueChange,
    /// What was trusted before.
    replaced: Vec<CatalogueEntry>,
}

/// Adds `entries`, which came from `source`, and tells what changed.
///
/// # Errors
/// A [`Failure`] that names every hash that is trusted already and differs.
pub(super) async fn add(
    context: &Context,
    entries: &[CatalogueEntry],
    source: &str,
    replace: &Replace,
) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let by = match replace {
        Replace { replace: true, reason } => because(reason.as_deref().unwrap_or_default())?,
        Replace { replace: false, reason } => requester(reason.as_deref()),
    };
    let mut stored = Stored { change: ledger.add_hashes(entries, &by).await?, replaced: Vec::new() };
    if replace.replace && !stored.change.conflicts.is_empty() {
        stored = replaced(ledger.as_ref(), entries, &stored.change.conflicts, &by).await?;
    }
    if !stored.change.conflicts.is_empty() {
        if context.output.format() == Format::Json {
            context.output.print(&stored, |_, _| ())?;
        }
        let conflicts: Vec<String> = stored.change.conflicts.iter().map(conflict).collect();
        return Err(Failure::bad_file(source, &conflicts)
            .hint("check which hash the vendor publishes; --replace --reason TEXT trusts the new one in place of the old one")
            .into());
    }
    context.output.print(&stored, |Stored { change, replaced }, page| {
        let CatalogueChange { added, existing, .. } = change;
        let n_replaced = replaced.len();
        let replaced = if n_replaced > 0 {
            format!(", {n_replaced} of them in place of another")
        } else {
            String::new()
        };
        page.line(format!("{source}: {added} added{replaced}, {existing} existing"));
    })?;
    Ok(exit::OK)
}

/// Removes what is in the way and adds again.
async fn replaced(
    ledger: &dyn Ledger,
    entries: &[CatalogueEntry],
    conflicts: &[CatalogueConflict],
    by: &Requester,
) -> anyhow::Result<Stored> {
    let mut replaced = Vec::new();
    for CatalogueConflict { wanted, .. } in conflicts {
        replaced.extend(ledger.remove_hash(&wanted.version, wanted.file_name.as_ref(), by).await?);
    }
    Ok(Stored { change: ledger.add_hashes(entries, by).await?, replaced })
}

fn conflict(conflict: &CatalogueConflict) -> String {
    let CatalogueConflict { wanted, trusted, trusted_source } = conflict;
    let of = key::text(&wanted.version, wanted.file_name.as_ref());
    format!(
        "two hashes for {of}: trusted is {trusted} ({trusted_source}), wanted is {} ({})",
        wanted.sha256, wanted.source
    )
}
