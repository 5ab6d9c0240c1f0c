//! `hash …`: what the bytes of images have to be, and what differs.

pub(crate) mod add;
pub(crate) mod clear;
pub(crate) mod disputes;
pub(crate) mod import;
mod key;
pub(crate) mod list;
pub(crate) mod mismatches;
pub(crate) mod remove;
mod store;
pub(crate) mod verify;
