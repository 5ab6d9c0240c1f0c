//! The real servers: usable, killable, there again with their data, open to every fault, and gone without a trace.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

#[path = "servers/cluster.rs"]
mod cluster;
#[path = "servers/postgres.rs"]
mod postgres;
#[path = "servers/postgres_faults.rs"]
mod postgres_faults;
#[path = "servers/proxied.rs"]
mod proxied;
#[path = "servers/rabbitmq.rs"]
mod rabbitmq;
#[path = "servers/rabbitmq_faults.rs"]
mod rabbitmq_faults;
#[path = "servers/shared.rs"]
mod shared;
