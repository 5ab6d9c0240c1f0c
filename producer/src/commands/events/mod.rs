//! `events …`: the feed that other programs read, on a terminal.

mod check;
mod filter;
mod from;
pub(crate) mod tail;
