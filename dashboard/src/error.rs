//! The one shape of an error, on every path for programs: a word to branch on, a sentence, and what to do next.
//!
//! Promises: `{"error": {"code", "message", "remedy"}}` with the right status; no secret and no address of a server in
//! it, because who asks may be a stranger: that goes to the log. Leaves to others: pages for people (`pages`).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use common::broker::command::MAX_COMMAND_BYTES;
use common::ledger::LedgerError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// Seconds after which a client that found no room, or no ledger, may ask again.
pub const RETRY_AFTER_S: u32 = 5;

/// An error as a program sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDetail {
    /// A word that stays the same; branch on it.
    pub code: String,
    /// What happened, for people.
    pub message: String,
    /// What to do next, for people.
    pub remedy: String,
}

/// Why a request was not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// Status of the answer.
    pub status: StatusCode,
    /// A word that stays the same.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub remedy: String,
}

impl ApiError {
    /// An error of our own making.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { status, code, message: message.into(), remedy: remedy.into() }
    }

    /// What was asked cannot be read.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            message,
            "GET /api/v1/openapi.json describes every request",
        )
    }

    /// There is nothing at this path.
    #[must_use]
    pub fn unknown_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_path",
            "there is nothing at this path",
            "GET /api/v1/openapi.json lists every path",
        )
    }

    /// The path is there, but not for this method.
    #[must_use]
    pub fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong_method",
            "this path does not know this method",
            "GET /api/v1/openapi.json lists the methods of every path",
        )
    }

    /// The body is longer than anything that is asked here.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body is longer than {} KiB", MAX_COMMAND_BYTES / 1024),
            "ask for fewer devices at a time",
        )
    }

    /// Whether asking the same again can help: the ledger is away, or somebody else is at it. What the ledger refuses for
    /// itself (`ledger_failed`), a right or a row, it refuses again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE || self.code == "in_progress"
    }

    /// No room for another one.
    #[must_use]
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, "ask again in some seconds")
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match &error {
            LedgerError::UnknownDevice { .. } => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_device",
                error.to_string(),
                "GET /api/v1/devices lists the inventory",
            ),
            LedgerError::UnknownJob { .. } => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_job",
                error.to_string(),
                "GET /api/v1/jobs lists jobs",
            ),
            LedgerError::UnknownWorker { .. } => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_worker",
                error.to_string(),
                "GET /api/v1/workers lists workers",
            ),
            LedgerError::UnknownDeadLetter { .. } => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_dead_letter",
                error.to_string(),
                "`panos-upgrade dead list` shows those there are",
            ),
            LedgerError::Full { .. } | LedgerError::NotReachable { .. } | LedgerError::Schema { .. } => {
                warn!("a request was not answered: {error}");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "ledger_unavailable",
                    "the ledger does not answer now",
                    "ask again in some seconds; the log of the dashboard says why",
                )
            }
            LedgerError::LeaseLost { .. } | LedgerError::Store { .. } => {
                warn!("a request was not answered: {error}");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "ledger_failed",
                    "the ledger could not answer this",
                    "the log of the dashboard says why",
                )
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, code, message, remedy } = self;
        let body = ErrorBody { error: ErrorDetail { code: code.to_owned(), message, remedy } };
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, 11.6.1: a 401 names how to authenticate.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
