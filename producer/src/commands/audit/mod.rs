//! `audit …`: the trail, read in pages, so that memory stays flat however long it is.

pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod pages;
pub(crate) mod verify;
