//! `worker …`: the processes that perform jobs.

pub(crate) mod list;
