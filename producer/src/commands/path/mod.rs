//! `path …`: which images a device needs, and why.

pub(crate) mod show;
pub(crate) mod validate;
