//! The client against a server that speaks real TLS and writes every byte of its answers itself.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a failed test"
)]

mod import;
mod jobs;
mod keys;
mod limits;
mod panorama;
mod reboot;
mod requests;
mod restart;
mod secrets;
mod server;
mod trust;
mod turns;
