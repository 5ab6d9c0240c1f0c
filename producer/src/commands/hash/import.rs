//! `hash import`: the trusted hashes of a file.

use std::path::Path;

use common::domain::catalogue;

use super::store;
use crate::cli::Replace;
use crate::context::Context;
use crate::failure::Failure;
use crate::input;

/// Trusts every hash of a file, or none when anything in it is wrong.
pub(crate) async fn run(context: &Context, file: &Path, replace: &Replace) -> anyhow::Result<u8> {
    let input = input::read(file)?;
    let entries = catalogue::parse(&input.text, &input.name)
        .map_err(|problems| Failure::bad_file(&input.name, &problems))?;
    if entries.is_empty() {
        return Err(Failure::usage(format!("{}: there is no hash in it", input.name))
            .hint("write lines of version,filename,sha256 under that header, or check that it is the file you mean")
            .into());
    }
    store::add(context, &entries, &input.name, replace).await
}
