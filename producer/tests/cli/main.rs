//! The real binary, at an embedded ledger of its own: what it prints, where, and with which exit code.
//!
//! Whole-system runs with devices are the `e2e` crate's; nothing here reaches a network.

#[expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be set up is a failed test")]
mod alarms;
mod bad_input;
#[expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot be set up is a failed test")]
mod bench;
#[expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]
mod dead;
mod devices;
#[expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be set up is a failed test")]
mod doctor;
#[expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]
mod events;
mod fleet;
mod hashes;
mod hostile;
mod jobs;
#[expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]
mod parts;
mod places;
mod trail;
#[expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]
mod watch;
