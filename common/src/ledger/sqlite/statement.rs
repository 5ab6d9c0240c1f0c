//! A query in a file of its own, and the three ways to run it.

use std::time::Duration;

use rusqlite::{Params, Transaction};

use super::store::StoreError;
use super::stored::Stored;

/// One query. Its name stands in errors.
pub(super) struct Statement {
    pub name: &'static str,
    pub sql: &'static str,
}

/// The statement in `sql/<name>.sql`.
macro_rules! statement {
    ($name:literal) => {
        $crate::ledger::sqlite::statement::Statement {
            name: $name,
            sql: include_str!(concat!("sql/", $name, ".sql")),
        }
    };
}
pub(super) use statement;

impl Statement {
    /// Runs it; answers how many rows changed.
    pub fn execute(&self, transaction: &Transaction<'_>, params: impl Params) -> Result<usize, StoreError> {
        let run = || transaction.prepare_cached(self.sql)?.execute(params);
        run().map_err(|error| self.named(StoreError::Sqlite(error)))
    }

    /// Runs it; reads every row.
    pub fn rows<T: Stored>(
        &self,
        transaction: &Transaction<'_>,
        params: impl Params,
    ) -> Result<Vec<T>, StoreError> {
        let run = || {
            let mut statement = transaction.prepare_cached(self.sql)?;
            let mut rows = statement.query(params)?;
            let mut read = Vec::new();
            while let Some(row) = rows.next()? {
                read.push(T::read(row)?);
            }
            Ok(read)
        };
        run().map_err(|error| self.named(error))
    }

    /// Runs it; reads the first row, if there is one.
    pub fn row<T: Stored>(
        &self,
        transaction: &Transaction<'_>,
        params: impl Params,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.rows(transaction, params)?.into_iter().next())
    }

    fn named(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Sqlite(error) => StoreError::Statement { statement: self.name, error },
            named @ (StoreError::Statement { .. } | StoreError::Ledger(_)) => named,
        }
    }
}

/// A length of time as it is bound: milliseconds, like every time in this database.
pub(super) fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4)
}
