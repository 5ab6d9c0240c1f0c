//! Reading what was asked: queries, serials, numbers. What cannot be read is told in the one shape of an error.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use common::domain::device::Serial;
use common::domain::job::JobId;
use common::ledger::LedgerError;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The query of a request.
#[derive(Debug, Clone)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(asked)| Self(asked))
            .map_err(|error| ApiError::bad_request(error.body_text()))
    }
}

/// The one name in a path, still to be read.
#[derive(Debug, Clone)]
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(name)| Self(name))
            .map_err(|error| ApiError::bad_request(error.body_text()))
    }
}

/// The body, whole.
#[derive(Debug, Clone)]
pub struct Whole(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Bytes::from_request(request, state).await.map(Self).map_err(|error| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::too_large()
            } else {
                ApiError::bad_request(error.body_text())
            }
        })
    }
}

/// A word of ours; none where it is missing or empty.
///
/// # Errors
/// 400 with the words there are.
pub fn word<T>(name: &str, text: Option<&str>) -> Result<Option<T>, ApiError>
where
    T: FromStr,
    T::Err: Display,
{
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(str::parse).transpose().map_err(|error| ApiError::bad_request(format!("{name}: {error}")))
}

/// A number within bounds, or what it is without one.
///
/// # Errors
/// 400 with the bounds.
pub fn within(name: &str, asked: Option<u32>, most: u32, without: u32) -> Result<u32, ApiError> {
    let number = asked.unwrap_or(without);
    if (1..=most).contains(&number) {
        Ok(number)
    } else {
        Err(ApiError::bad_request(format!("{name}: has to be 1 to {most}")))
    }
}

/// The serial of a path.
///
/// # Errors
/// 404: what is no serial is no device either.
pub fn serial(text: &str) -> Result<Serial, ApiError> {
    text.parse().map_err(|_| {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "unknown_device",
            "this is not the serial of a device in the inventory",
            "GET /api/v1/devices lists the inventory",
        )
    })
}

/// The number of a job in a path.
///
/// # Errors
/// 404: what is no number is no job either.
pub fn job(text: &str) -> Result<JobId, ApiError> {
    text.parse().map(JobId).map_err(|_| {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "unknown_job",
            "this is not the number of a job",
            "GET /api/v1/jobs lists jobs",
        )
    })
}

/// What is not there, as the ledger would say it.
#[must_use]
pub fn no_such_device(serial: Serial) -> ApiError {
    LedgerError::UnknownDevice { serial }.into()
}
