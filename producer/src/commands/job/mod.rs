//! `job …`: single jobs.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod retry;
pub(crate) mod show;
pub(crate) mod submit;
