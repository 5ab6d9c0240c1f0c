//! `fleet …`: whether new attempts begin anywhere.

pub(crate) mod pause;
pub(crate) mod resume;
pub(crate) mod status;
