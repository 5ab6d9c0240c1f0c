//! One system as processes, and what must hold of it: simulated firewalls behind real TLS, real PostgreSQL and
//! RabbitMQ, and the programs as an operator starts them.
//!
//! | module | what |
//! |---|---|
//! | [`world`] | a system of its own for one case: fleet, configuration, ledger, broker, programs |
//! | [`setup`] | what it can be like |
//! | [`servers`] | where a fleet keeps its ledger and its messages |
//! | [`programs`] | a command that ran to its end; a worker that runs until it is told to stop |
//! | [`operator`] | what people do there |
//! | [`ledger`] | what is seen of its ledger |
//! | [`crowd`] | devices and jobs that no firewall stands behind |
//! | [`simulator`], [`answers`] | the fleet with its control endpoint, and what that says |
//! | [`checker`] | whether a run kept every promise, and what it broke |
//! | [`invariants`] | what holds at the end of every case |
//!
//! Used by the cases in `tests/it` and by the fault suite. The programs must have been built
//! (`cargo build --workspace`). Leaves to others: what a case does to the system.
//!
//! # Panics
//! What cannot be done at all, such as a command that ends with another code than awaited, panics and says what
//! the programs said: this library is for tests, and a panic is a failed one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper that fails is a failed test, and says what the programs said"
)]

pub mod answers;
pub mod checker;
pub mod crowd;
pub mod invariants;
pub mod ledger;
pub mod operator;
pub mod programs;
pub mod servers;
pub mod setup;
pub mod simulator;
pub mod world;
