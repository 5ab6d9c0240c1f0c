//! `hash …`: the trusted hashes.

pub(crate) mod add;
pub(crate) mod import;
pub(crate) mod list;
mod store;
