//! [`Requests`] for SQLite.

use async_trait::async_trait;
use rusqlite::Row;

use super::SqliteLedger;
use super::statement::{Statement, milliseconds, statement};
use super::store::StoreError;
use super::stored::{Stored, text};
use crate::domain::job::BatchId;
use crate::ledger::requests::FORGET_AT_ONCE;
use crate::ledger::rows::number;
use crate::ledger::{LedgerError, MAX_REQUESTS, NewRequest, REQUESTS_KEPT, RequestState, Requests};

const BEGIN_REQUEST: Statement = statement!("begin_request");
const READ_REQUEST: Statement = statement!("read_request");
const ANSWER_REQUEST: Statement = statement!("answer_request");
const RELEASE_REQUEST: Statement = statement!("release_request");
const FORGET_REQUESTS: Statement = statement!("forget_requests");

#[async_trait]
impl Requests for SqliteLedger {
    async fn begin_request(&self, request: &NewRequest) -> Result<RequestState, LedgerError> {
        let request = request.clone();
        self.store
            .write("begin_request", move |transaction| {
                let limits = (milliseconds(REQUESTS_KEPT), MAX_REQUESTS, FORGET_AT_ONCE);
                FORGET_REQUESTS.execute(transaction, limits)?;
                let NewRequest { key, sha256, batch, hold } = &request;
                let params = (key, sha256.as_slice(), batch.to_string(), milliseconds(*hold));
                if let Some(BegunRow(begun)) = BEGIN_REQUEST.row(transaction, params)? {
                    return Ok(RequestState::Begun { batch: begun, is_repeat: begun != *batch });
                }
                let stands: Option<RequestRow> = READ_REQUEST.row(transaction, (key, sha256.as_slice()))?;
                Ok(stands.map_or(RequestState::InProgress, |RequestRow(state)| state))
            })
            .await
    }

    async fn answer_request(&self, key: &str, status: u16, answer: &str) -> Result<(), LedgerError> {
        let (key, answer) = (key.to_owned(), answer.to_owned());
        self.store
            .write("answer_request", move |transaction| {
                ANSWER_REQUEST.execute(transaction, (key, status, answer)).map(drop)
            })
            .await
    }

    async fn release_request(&self, key: &str) -> Result<(), LedgerError> {
        let key = key.to_owned();
        self.store
            .write("release_request", move |transaction| {
                RELEASE_REQUEST.execute(transaction, [key]).map(drop)
            })
            .await
    }
}

struct BegunRow(BatchId);

impl Stored for BegunRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(BatchId(text(row, "batch_id")?)))
    }
}

struct RequestRow(RequestState);

impl Stored for RequestRow {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        if !row.get::<_, bool>("is_same")? {
            return Ok(Self(RequestState::OtherBody));
        }
        let (status, answer): (Option<i64>, Option<String>) = (row.get("status")?, row.get("answer")?);
        Ok(Self(match (status, answer) {
            (Some(status), Some(answer)) => {
                RequestState::Answered { status: number("requests.status", status)?, answer }
            }
            (None, _) | (_, None) => RequestState::InProgress,
        }))
    }
}
