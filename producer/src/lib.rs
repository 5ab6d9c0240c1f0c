//! What the command line reads from files that others wrote: lists of devices, as CSV, and the addresses in them.
//!
//! Apart from the program, so that tests outside of it can give these readers bytes that nobody thought of. Promises:
//! nothing here touches a file, a device or the ledger. Leaves to others: everything that the program does.

pub mod address;
pub mod csv_file;
pub mod devices_csv;
