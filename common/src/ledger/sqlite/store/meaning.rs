//! What an error of SQLite means for a caller, and what a person does about it.
//!
//! A lock, a missing or a full disk may be over in a minute, so callers wait for it; everything else is a defect or a
//! damaged file. The codes are those of sqlite.org/rescode.html.

use rusqlite::{ErrorCode, ffi};

use super::{Place, StoreError};
use crate::ledger::LedgerError;

impl Place {
    /// What an error means for the caller of `statement`.
    pub(in crate::ledger::sqlite) fn error(&self, statement: &'static str, error: StoreError) -> LedgerError {
        let (statement, error) = match error {
            StoreError::Ledger(error) => return error,
            StoreError::Sqlite(error) => (statement, error),
            StoreError::Statement { statement, error } => (statement, error),
        };
        let Some(code) = error.sqlite_error().copied() else {
            return LedgerError::Store { statement, reason: error.to_string() };
        };
        match code.extended_code {
            ffi::SQLITE_READONLY_DBMOVED => return self.not_reachable(self.moved(&error)),
            // "the underlying filesystem volume is out of space"
            ffi::SQLITE_IOERR_SHMSIZE => return self.full(&error),
            _ => {}
        }
        match code.code {
            ErrorCode::DiskFull => self.full(&error),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => self.not_reachable(format!(
                "{error}: another process has kept it locked; if that one does not go on, end it"
            )),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                self.not_reachable(self.closed_to_us(&error))
            }
            ErrorCode::SystemIoFailure | ErrorCode::OperationAborted => self.not_reachable(error.to_string()),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => LedgerError::Store {
                statement,
                reason: format!(
                    "{error}: {} is damaged, or is no ledger; stop all programs that use it, keep a copy, and \
                     restore a backup",
                    self.path().display()
                ),
            },
            // The codes are SQLite's, and there may be new ones.
            _ => LedgerError::Store { statement, reason: error.to_string() },
        }
    }

    fn full(&self, error: &rusqlite::Error) -> LedgerError {
        LedgerError::Full {
            location: self.location(),
            reason: format!("{error}: make room where {} is", self.path().display()),
        }
    }

    fn moved(&self, error: &rusqlite::Error) -> String {
        let path = self.path().display();
        format!(
            "{error} while this program had it open: put {path} back, or restart the programs that use it; until then \
             nothing is written"
        )
    }

    fn closed_to_us(&self, error: &rusqlite::Error) -> String {
        let (path, directory) = (self.path().display(), self.directory().display());
        format!(
            "{error}: this user needs to write {path}, and in {directory}, where SQLite keeps files beside it; \
             correct owner and mode, or remount the disk"
        )
    }
}
