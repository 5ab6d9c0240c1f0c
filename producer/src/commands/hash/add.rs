//! `hash add`: one trusted hash.

use common::domain::catalogue::CatalogueEntry;

use super::store;
use crate::context::Context;
use crate::failure::Failure;
use crate::requester::requester;

/// Trusts one hash, of one file or of every file of a version.
pub(crate) async fn run(
    context: &Context,
    version: &str,
    filename: Option<&str>,
    sha256: &str,
) -> anyhow::Result<u8> {
    let by = requester(None);
    let source = format!("hash add by {} on {}", by.operator, by.host);
    let entry = CatalogueEntry {
        version: version.trim().parse().map_err(|error| Failure::usage(format!("--version: {error}")))?,
        file_name: filename
            .map(str::parse)
            .transpose()
            .map_err(|error| Failure::usage(format!("--filename: {error}")))?,
        sha256: sha256.trim().parse().map_err(|error| Failure::usage(format!("--sha256: {error}")))?,
        source,
    };
    store::add(context, &[entry], "hash add").await
}
