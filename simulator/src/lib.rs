//! A Panorama and thousands of PAN-OS firewalls on loopback addresses, in one process.
//!
//! A second reading of the XML API: written from recorded answers and the vendor's documents, and sharing no code
//! with any client, so that the agreement of the two proves something. The program is `panos-simulator`;
//! `panos-simulator --help` says how to run it, `examples/` how to describe a fleet.
//!
//! | where | what |
//! |---|---|
//! | [`scenario`], [`fleet`] | which devices there are, which problem each has, how its job must end |
//! | [`device`] | one firewall without HTTP: a state machine over explicit moments |
//! | [`faults`] | what can be made to go wrong at run time |
//! | [`api`] | requests and answers, in the recorded shapes |
//! | [`server`] | TLS and HTTP/1.1 on one loopback-only port for all addresses |
//! | [`control`] | what tests read and change: state, counters, journal, faults |
//! | [`check`] | compares how jobs ended with how they had to end |
//! | [`calls`] | how much asking a download takes, and how late its end is noticed |
//!
//! # Guarantees
//! Nothing listens beyond loopback. No image byte is ever stored. The same seed gives the same fleet.

pub mod api;
pub mod calls;
pub mod check;
pub mod clock;
pub mod control;
pub mod counters;
pub mod device;
pub mod expected;
pub mod faults;
pub mod fleet;
pub mod http_get;
pub mod images;
pub mod journal;
pub mod models;
pub mod scenario;
pub mod seeded;
pub mod server;
pub mod span;
pub mod version;
pub mod word;
pub mod world;
