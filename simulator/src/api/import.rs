//! `type=import`, category software: the file's name says what it is; its bytes are counted and dropped.
//!
//! The answer's text was never captured; public tools look at the status alone.

use super::Call;
use super::reply::Reply;
use super::xml::{error, success};
use crate::device::ImportRefusal;

/// Keeps the file.
pub fn reply(call: &mut Call<'_>, filename: &str, size_bytes: u64) -> Reply {
    match call.device.import(filename, size_bytes, call.now) {
        // Answered although the file is there (a public tool goes on after it).
        Ok(_) if call.quirks().unavailable_imports => error(None, "Resource temporarily unavailable"),
        Ok(_) => success(&format!("{filename} saved")),
        Err(ImportRefusal::UnknownFile) => error(None, &format!("Invalid image file {filename}")),
        Err(ImportRefusal::DiskFull) => error(None, "No space left on device"),
    }
}
