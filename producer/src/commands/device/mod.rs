//! `device …`: the inventory.

pub(crate) mod discover;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
mod select;
pub(crate) mod show;
pub(crate) mod status;

pub(crate) use select::selected;
