//! `hash import`: the trusted hashes of a file.

use std::path::Path;

use common::domain::catalogue;

use super::store;
use crate::context::Context;
use crate::failure::Failure;
use crate::input;

/// Trusts every hash of a file, or none when anything in it is wrong.
pub(crate) async fn run(context: &Context, file: &Path) -> anyhow::Result<u8> {
    let input = input::read(file)?;
    let entries = catalogue::parse(&input.text, &input.name)
        .map_err(|problems| Failure::bad_file(&input.name, &problems))?;
    store::add(context, &entries, &input.name).await
}
