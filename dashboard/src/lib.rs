//! The fleet in a browser, and the door for other programs.
//!
//! | module | does |
//! |---|---|
//! | [`server`] | listens, and joins the parts; nobody else does |
//! | [`host`], [`auth`], [`headers`] | who may ask, by which name, with which token; what a browser may do with an answer |
//! | `patience` | a peer that takes nothing is not waited for |
//! | `health` | whether it can do its work |
//! | [`live`] | one task makes the picture of the fleet; every open page is shown the newest one |
//! | [`state`] | what every route gets, and the picture |
//! | [`api`] | the read API for programs, and its description |
//! | [`pages`] | pages for people |
//! | [`commands`] | does what other programs ask for, however it arrives |
//! | [`error`] | the one shape of an error |
//!
//! Promises: the dashboard only reads the ledger, except for what programs ask for: submissions, which it hands to the
//! intake as the command line does, cancels and retries; and it publishes from the outbox what these wrote. However many
//! pages are open, one picture is read for all of them. It listens on loopback only, unless there is a token. Without a
//! ledger it stays up, says so, and recovers by itself.
//! Leaves to others: the truth ([`common::ledger`]), performing jobs (crate `worker`), TLS (a proxy in front of it).

pub mod api;
pub mod auth;
pub mod commands;
pub mod error;
pub mod headers;
mod health;
pub mod host;
pub mod live;
pub mod pages;
mod patience;
pub mod server;
pub mod state;

pub use server::{Server, ServerError};
pub use state::{AppState, Picture};
