//! `device …`: the inventory.

pub(crate) mod address;
pub(crate) mod cleanup;
pub(crate) mod discover;
mod discovered;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod remove;
mod select;
pub(crate) mod show;
pub(crate) mod status;

pub(crate) use select::{chosen, selected};
