//! Other programs queue jobs: over HTTP on both engines, over AMQP on a real broker, and as the documentation shows it.
//!
//! The dashboard is a process that can be killed. Commands need a Python with pika (`target/pika`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a failed test")]

mod door;
mod examples;
mod http;
