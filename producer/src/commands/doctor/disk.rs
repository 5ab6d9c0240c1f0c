//! Room on the disk of a file.

use std::path::Path;

use super::finding::Finding;
use crate::output::amount;

/// Less than this is little: the ledger of a large fleet, its log and the copy that a `VACUUM` makes.
const LITTLE: u64 = 1 << 30;

/// Less than this fills up while one night's jobs run.
const TOO_LITTLE: u64 = 64 << 20;

/// Whether the disk of a file has room for it to grow.
pub(super) fn room(area: &'static str, path: &Path) -> Finding {
    const CHECK: &str = "disk";
    const REMEDY: &str = "make room on this disk: a full one stops every worker";
    let free = match rustix::fs::statvfs(path) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => return Finding::warn(area, CHECK, format!("its room is not known: {error}"), None),
    };
    let found = format!("{} free", amount(free));
    match free {
        0..TOO_LITTLE => Finding::fail(area, CHECK, found, REMEDY),
        TOO_LITTLE..LITTLE => Finding::warn(area, CHECK, found, Some(REMEDY)),
        LITTLE.. => Finding::ok(area, CHECK, found),
    }
}
