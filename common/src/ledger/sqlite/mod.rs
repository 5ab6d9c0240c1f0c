//! The ledger in one SQLite file: for one machine, with nothing to install.

mod store;

pub use store::{Store, StoreError};
