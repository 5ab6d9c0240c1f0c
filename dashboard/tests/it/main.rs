//! The dashboard as programs and browsers meet it: over HTTP, on both ledgers.
//!
//! | file | holds |
//! |---|---|
//! | `bench.rs` | a dashboard that serves a ledger with some devices |
//! | `api.rs` | what programs read |
//! | `security.rs` | who may ask, what a browser may do with an answer, limits |
//! | `live.rs` | streams of pictures, a ledger that goes away, stopping |

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "cases are functions beside their tests")]

mod api;
mod bench;
mod live;
mod security;
