//! Hashes into the ledger: all of them or none, and a trusted one is never replaced.

use common::domain::catalogue::CatalogueEntry;
use common::ledger::{CatalogueChange, CatalogueConflict};

use crate::cli::Format;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::requester::requester;

/// Adds `entries`, which came from `source`, and tells what changed.
///
/// # Errors
/// A [`Failure`] that names every hash that is trusted already and differs.
pub(super) async fn add(context: &Context, entries: &[CatalogueEntry], source: &str) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let change = ledger.add_hashes(entries, &requester(None)).await?;
    if !change.conflicts.is_empty() {
        if context.output.format() == Format::Json {
            context.output.print(&change, |_, _| ())?;
        }
        let conflicts: Vec<String> = change.conflicts.iter().map(conflict).collect();
        return Err(Failure::bad_file(source, &conflicts)
            .hint("check which hash the vendor publishes; a trusted hash is not replaced by this command")
            .into());
    }
    context.output.print(&change, |CatalogueChange { added, existing, .. }, page| {
        page.line(format!("{source}: {added} added, {existing} existing"));
    })?;
    Ok(exit::OK)
}

fn conflict(conflict: &CatalogueConflict) -> String {
    let CatalogueConflict { wanted, trusted, trusted_source } = conflict;
    let of = match &wanted.file_name {
        Some(file) => format!("{file} of {}", wanted.version),
        None => format!("any file of {}", wanted.version),
    };
    format!(
        "two hashes for {of}: trusted is {trusted} ({trusted_source}), wanted is {} ({})",
        wanted.sha256, wanted.source
    )
}
