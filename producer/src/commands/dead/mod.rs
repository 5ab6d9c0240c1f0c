//! `dead …`: messages that no worker could use, as the ledger keeps them.

pub(crate) mod drop;
mod letters;
pub(crate) mod list;
pub(crate) mod requeue;
pub(crate) mod show;
