//! Noticing that the file at the path is no longer the one that is open.
//!
//! Deleting or replacing an open file takes nothing from the process that has it: it goes on writing to what nobody
//! will ever open again, and every commit succeeds. SQLite looks for that with a rollback journal and not with a
//! write-ahead log (its `databaseIsUnmoved` in pager.c), so it is done here, with the same code for the answer.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ffi};

/// Which file a path led to.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Identity {
    /// The file that the path leads to now. It is only looked up: opening and closing it would drop locks.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let found = std::fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Whether the path still leads there. A path that cannot be looked up at the moment is given the benefit of
    /// the doubt: the open file works.
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        match std::fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.inode) => Ok(()),
            Ok(_) => Err(moved("another file has taken its place")),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(moved("it was deleted or moved away")),
            Err(_) => Ok(()),
        }
    }
}

fn moved(how: &str) -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED), Some(how.to_owned()))
}
