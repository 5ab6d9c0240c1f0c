//! `download …`: jobs for the fleet.

pub(crate) mod from_csv;
pub(crate) mod plan;
mod plan_report;
pub(crate) mod queue_all;
pub(crate) mod status;
pub(crate) mod verify;
mod verify_report;
pub(crate) mod watch;
