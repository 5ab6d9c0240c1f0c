//! The audit trail: what was asked, by whom, what was sent, what came back, what was proved.
//!
//! One append-only hash chain per device, so that no entry can be changed, removed or inserted without the hashes of all
//! later ones failing; anchors hash all chain heads together, so that cutting a tail off one chain shows.
//!
//! # Who is kept from what
//! The databases refuse changes of what was written: PostgreSQL by triggers and by the rights of the roles in
//! `deploy/postgres/roles.sql`, SQLite by triggers. Who owns the database can take both away, and the owner of an SQLite
//! file owns that database: nothing inside it protects from them. They can also build everything anew with hashes that
//! fit. That is what copies of anchors outside are for, in the log and by `audit anchors`: none of the past that a copy
//! speaks of can be built anew without differing from it. What stays open: entries cut since the last anchor *that left
//! the database*, and the order between devices, which is proven only at anchors.
//!
//! [`entry`] is the canonical form, [`chain`] the hashes, [`anchor`] all chains together, [`verify`] recomputes everything,
//! [`copies`] are anchors that were kept elsewhere. Storing entries is the
//! ledger's part: it appends in the transaction of the change that an entry speaks of.

pub mod anchor;
pub mod chain;
pub mod copies;
pub mod entry;
pub mod verify;

pub use anchor::{Anchor, AnchoredHead, JobProofs, UnprovenJob};
pub use chain::{ChainHead, EntryHash, StoredEntry};
pub use entry::{Actor, AuditAction, AuditFact, EntryBody};
