//! Claims jobs and performs them against the firewalls.
//!
//! Promises: a worker acts only under a lease and stops acting before it ends; what a step found or did is
//! in the ledger before the next one begins; a request for an image is written down before it leaves, and the
//! firewall's own job as soon as it is known, so that whoever claims the job next takes over the running
//! download instead of asking again.
//!
//! | module | does |
//! |---|---|
//! | [`app`] | joins the parts; nobody else does |
//! | [`consumer`] | delivery -> claim -> ack, at most as many jobs as there are slots |
//! | [`orders`] | what people let this worker begin: hold and pauses |
//! | [`gate`] | log-ins: a few at a time until one was accepted; the hold of the fleet |
//! | [`lease_keeper`] | the beat: renews all leases in one statement, learns of orders and cancels; fences |
//! | [`hold`] | one lease, as its attempt sees it: whether the device may still be touched |
//! | [`control`] | hears that something has changed, so that the next beat comes now |
//! | [`relay`] | outbox -> broker; makes scheduled jobs available when they come due |
//! | `rescuer` | brings back what was lost, with `reconciler` (wake-ups) and [`collector`] (dead letters) |
//! | `health`, `measure` | whether it could claim now; what it counts |
//! | [`perform`] | one attempt, from lease to end |
//! | [`steps`] | look, act, wait, look again |
//! | [`journal`] | what an attempt writes |
//! | [`device`], [`messages`], [`border`] | reaching firewalls; what they say; their answers as domain types |
//!
//! Leaves to others: the truth ([`common::ledger`]), waking and telling ([`common::broker`]), the protocol
//! ([`panos`]), which images a path needs ([`common::domain::path`]).

pub mod app;
pub mod border;
pub mod collector;
pub mod consumer;
mod context;
pub mod control;
pub mod device;
pub mod error;
pub mod gate;
mod health;
pub mod hold;
pub mod journal;
pub mod lease_keeper;
mod measure;
pub mod messages;
pub mod orders;
mod outage;
mod pace;
pub mod perform;
mod reconciler;
pub mod relay;
mod rescuer;
pub mod steps;
#[cfg(test)]
mod testing;
mod trusted;
mod uncut;

pub use app::{App, Ending, SetupError, Until};
