//! `hash add`: one trusted hash.

use common::domain::catalogue::CatalogueEntry;

use super::{key, store};
use crate::cli::Replace;
use crate::context::Context;
use crate::failure::Failure;
use crate::requester::requester;

/// Trusts one hash, of one file or of every file of a version.
pub(crate) async fn run(
    context: &Context,
    version: &str,
    filename: Option<&str>,
    sha256: &str,
    replace: &Replace,
) -> anyhow::Result<u8> {
    let by = requester(None);
    let source = format!("hash add by {} on {}", by.operator, by.host);
    let (version, file_name) = key::read(version, filename)?;
    let sha256 = sha256.trim().parse().map_err(|error| Failure::usage(format!("--sha256: {error}")))?;
    let entry = CatalogueEntry { version, file_name, sha256, source };
    store::add(context, &[entry], "hash add", replace).await
}
