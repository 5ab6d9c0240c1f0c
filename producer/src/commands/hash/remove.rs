//! `hash remove`: a hash that is trusted no longer.

use common::domain::catalogue::CatalogueEntry;
use serde::Serialize;

use super::key;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::requester::because;

/// What was trusted until now.
#[derive(Serialize)]
struct Removed {
    removed: CatalogueEntry,
}

/// Removes the hash of one file, or the one that stands for any file of a version.
pub(crate) async fn run(
    context: &Context,
    version: &str,
    filename: Option<&str>,
    reason: &str,
) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let (version, file_name) = key::read(version, filename)?;
    let removed = context.ledger().await?.remove_hash(&version, file_name.as_ref(), &by).await?;
    let Some(removed) = removed else {
        let of = key::text(&version, file_name.as_ref());
        return Err(Failure::usage(format!("no hash is trusted for {of}"))
            .hint("`panos-upgrade hash list` shows what is trusted; --filename names the file as it stands there")
            .into());
    };
    context.output.print(&Removed { removed }, |Removed { removed }, page| {
        let of = key::text(&removed.version, removed.file_name.as_ref());
        page.line(format!("{} is trusted no longer for {of}", removed.sha256));
    })?;
    Ok(exit::OK)
}
