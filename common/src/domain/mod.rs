//! The words of the system; pure: no async, no I/O, no clock.
//!
//! A *job* is the wish for one *device*; an *attempt* is one try at it; a *lease* is a worker's expiring
//! claim. A *path* is the versions on the way to a target, an *image* is the file that makes a device run
//! a version, the *catalogue* holds trusted hashes, and an *outcome* says what was proved about an image.

pub mod attempt;
pub mod catalogue;
pub mod cleanup;
pub mod device;
pub mod failure;
pub mod fleet_plan;
pub mod hash;
pub mod hold;
pub mod image;
pub mod input;
pub mod job;
pub mod lease;
pub mod path;
pub mod select;
pub mod status;
pub mod version;
