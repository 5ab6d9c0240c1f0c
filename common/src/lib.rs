//! What every program of panos-upgrade shares: the words, the truth, the wake-ups and the proof.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | the words of the system, pure |
//! | [`ledger`] | where the truth about every job lives: SQLite or PostgreSQL |
//! | [`broker`] | what wakes workers and carries events: in process or RabbitMQ |
//! | [`engine`] | the two ways to run: a ledger and the broker that goes with it |
//! | [`events`] | what we tell the outside, as CloudEvents |
//! | [`intake`] | wishes become jobs: one way for every door |
//! | [`audit`] | the hash chains that prove what was done |
//! | [`config`] | one TOML file and the environment, checked before any connection |
//! | [`daemon`] | how a daemon begins, and leaves |
//! | [`telemetry`], [`shutdown`], [`report`], [`clock`] | logs, stopping, error texts, wall-clock time |
//!
//! Imports run one way: ledger, broker, events, audit and config use `domain`; nothing here knows the
//! PAN-OS protocol (crate `panos`) or what a worker does with a job (crate `worker`).

pub mod audit;
pub mod broker;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod engine;
pub mod events;
pub mod intake;
pub mod ledger;
pub mod report;
pub mod shutdown;
pub mod telemetry;
