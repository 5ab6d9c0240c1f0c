//! `config …`: the configuration.

pub(crate) mod check;
pub(crate) mod set;
pub(crate) mod show;
