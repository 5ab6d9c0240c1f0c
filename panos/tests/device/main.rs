//! The client against a server that speaks real TLS and writes every byte of its answers itself.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a failed test"
)]

mod jobs;
mod keys;
mod limits;
mod reboot;
mod requests;
mod secrets;
mod server;
mod trust;
mod turns;
