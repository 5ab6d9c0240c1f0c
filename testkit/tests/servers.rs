//! The real servers: usable, killable, there again with their data, and gone without a trace.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

#[path = "servers/postgres.rs"]
mod postgres;
#[path = "servers/rabbitmq.rs"]
mod rabbitmq;
#[path = "servers/shared.rs"]
mod shared;
