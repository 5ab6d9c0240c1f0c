//! A query of `sql/`, its parameters and its columns.
//!
//! Promises: a failure names the query and never a value. Parameters carry their types, so that a query goes
//! out unnamed in one round trip and leaves nothing on its connection (`Client::query_typed`); named
//! prepared statements break behind a pooler that changes sessions between transactions.

use std::fmt::Display;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use crate::ledger::LedgerError;

/// One query under the name of its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

/// The query in `sql/NAME.sql`.
macro_rules! statement {
    ($name:literal) => {
        $crate::ledger::postgres::statement::Statement {
            name: $name,
            text: include_str!(concat!("sql/", $name, ".sql")),
        }
    };
}
pub(super) use statement;

impl Statement {
    /// An error of this query.
    pub(super) fn failed(&self, reason: impl Display) -> LedgerError {
        LedgerError::Store { statement: self.name, reason: reason.to_string() }
    }
}

/// A value and the type that PostgreSQL is to take it for.
pub(super) type Param<'a> = (Box<dyn ToSql + Sync + Send + 'a>, Type);

/// One function per type, so that a call reads like its list of parameters.
macro_rules! params {
    ($($(#[$doc:meta])* $name:ident = $kind:ident;)+) => {
        $($(#[$doc])* pub(super) fn $name<'a>(value: impl ToSql + Sync + Send + 'a) -> Param<'a> {
            (Box::new(value), Type::$kind)
        })+
    };
}

params! {
    text = TEXT;
    texts = TEXT_ARRAY;
    int4 = INT4;
    int4s = INT4_ARRAY;
    int2s = INT2_ARRAY;
    int8 = INT8;
    int8s = INT8_ARRAY;
    bools = BOOL_ARRAY;
    boolean = BOOL;
    uuid = UUID;
    bytes = BYTEA_ARRAY;
    byte_string = BYTEA;
    timestamps = TIMESTAMPTZ_ARRAY;
    /// A duration in seconds: the client library knows no intervals.
    seconds = FLOAT8;
    /// Several durations.
    seconds_each = FLOAT8_ARRAY;
}

/// Parameters as the client library takes them.
pub(super) fn borrowed<'a>(params: &'a [Param<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    params.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect()
}

/// One row of an answer.
pub(super) struct Columns<'a> {
    pub(super) statement: &'a Statement,
    pub(super) row: &'a Row,
}

impl<'a> Columns<'a> {
    /// A column, as the client library reads it.
    pub(super) fn value<T: FromSql<'a>>(&self, column: &str) -> Result<T, LedgerError> {
        self.row.try_get(column).map_err(|error| self.statement.failed(format!("column `{column}`: {error}")))
    }

    /// A column of two or four bytes, as wide as SQLite has them all.
    pub(super) fn wide<T: FromSql<'a> + Into<i64>>(&self, column: &str) -> Result<i64, LedgerError> {
        self.value::<T>(column).map(Into::into)
    }
}
