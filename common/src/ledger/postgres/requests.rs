//! [`Requests`] for PostgreSQL. Promises: the row of a key decides between several that come at once.

use async_trait::async_trait;
use uuid::Uuid;

use super::PostgresLedger;
use super::connection::each;
use super::statement::{Statement, byte_string, int4, int8, seconds, statement, text, uuid};
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
impl Requests for PostgresLedger {
    async fn begin_request(&self, request: &NewRequest) -> Result<RequestState, LedgerError> {
        let limits = [
            seconds(REQUESTS_KEPT.as_secs_f64()),
            int8(i64::from(MAX_REQUESTS)),
            int8(i64::from(FORGET_AT_ONCE)),
        ];
        self.pool.rows(&FORGET_REQUESTS, limits).await?;
        let params = [
            text(&request.key),
            byte_string(request.sha256.as_slice()),
            uuid(request.batch.0),
            seconds(request.hold.as_secs_f64()),
        ];
        let rows = self.pool.rows(&BEGIN_REQUEST, params).await?;
        if let Some(columns) = each(&BEGIN_REQUEST, &rows).next() {
            let batch = BatchId(columns.value::<Uuid>("batch_id")?);
            return Ok(RequestState::Begun { batch, is_repeat: batch != request.batch });
        }
        let params = [text(&request.key), byte_string(request.sha256.as_slice())];
        let rows = self.pool.rows(&READ_REQUEST, params).await?;
        let Some(columns) = each(&READ_REQUEST, &rows).next() else {
            // It was removed between the two looks; the next one begins it.
            return Ok(RequestState::InProgress);
        };
        if !columns.value::<bool>("is_same")? {
            return Ok(RequestState::OtherBody);
        }
        match (columns.value::<Option<i32>>("status")?, columns.value::<Option<String>>("answer")?) {
            (Some(status), Some(answer)) => {
                Ok(RequestState::Answered { status: number("requests.status", i64::from(status))?, answer })
            }
            (None, _) | (_, None) => Ok(RequestState::InProgress),
        }
    }

    async fn answer_request(&self, key: &str, status: u16, answer: &str) -> Result<(), LedgerError> {
        let params = [text(key), int4(i32::from(status)), text(answer)];
        self.pool.rows(&ANSWER_REQUEST, params).await.map(drop)
    }

    async fn release_request(&self, key: &str) -> Result<(), LedgerError> {
        self.pool.rows(&RELEASE_REQUEST, [text(key)]).await.map(drop)
    }
}
