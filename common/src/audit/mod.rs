//! The audit trail: what was asked, by whom, what was sent, what came back, what was proved.
//!
//! One append-only hash chain per device, so that no entry can be changed, removed or inserted without the
//! hashes of all later ones failing; anchors hash all chain heads together, so that cutting a tail off one
//! chain shows. What stays open: entries cut since the last anchor *that left the database*, and the order
//! between devices, which is proven only at anchors.
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
