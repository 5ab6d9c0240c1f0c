//! The fault suite: every fault that a fleet meets, as a named scenario, and a judgement of what came of it.
//!
//! | module | holds |
//! |---|---|
//! | [`scenario`] | what a scenario is, where it plays, and what comes of it |
//! | [`scenarios`] | all of them, by what they break |
//! | [`fire`] | a campaign that goes on while something is broken |
//! | [`pool`], [`shelf`] | servers that a scenario may break; what programs printed, for when it fails |
//! | [`runner`] | runs them, some at a time, each with a bound, until the time is over |
//! | [`report`], [`table`] | what came of all of them: exit code, table, JSON, Markdown |
//!
//! Promises: a scenario plays with real servers, real processes and simulated firewalls; it is judged by
//! [`e2e::checker`], which reads ledger, broker, event log and the firewalls' own journal; its random choices come
//! from one seed. What is not judged is an error, and an error is a failure. Leaves to others: how a fault is made
//! (`testkit`), what has to hold (`e2e`).

pub mod fire;
pub mod pool;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod scenarios;
pub mod shelf;
pub mod table;
