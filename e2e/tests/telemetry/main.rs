//! What the programs say about themselves, asked as the tools of an operator ask: a scraper, an orchestrator, a
//! collector of traces.
//!
//! | file | shows |
//! |---|---|
//! | `scrape.rs` | health, readiness and metrics of a worker; dashboards and rules ask for what there is |
//! | `traces.rs` | one trace from the command to the calls of a firewall, over two processes |
//! | `collector.rs` | a collector of traces, as far as the tests need one |
//!
//! The programs must have been built (`cargo build --workspace`); `./test` does that.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a failed test")]

mod collector;
mod scrape;
mod traces;
