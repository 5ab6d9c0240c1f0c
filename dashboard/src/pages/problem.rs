//! What a person sees instead of the page: not there, not now, not like this.
//!
//! Promises: the right status code, what is wrong in one sentence, and what to do. Leaves to others: the same for
//! programs (the API's error shape).

use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use common::ledger::LedgerError;
use common::report::Chain;
use maud::{Markup, html};

use super::layout::{PageName, document};
use super::text;

/// Seconds after which trying again makes sense while the ledger is away.
const RETRY_AFTER_S: &str = "5";

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// There is nothing of this name.
    #[error("{what} is not known here")]
    Unknown {
        /// What was asked for.
        what: String,
    },
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It did not answer in time.
    #[error("the ledger gave no answer in time")]
    Late,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown { what } => {
                let main = html! {
                    p { (text::cell(&what)) " is not known here." }
                    p { "Look for it in the " a href="/devices" { "list of devices" } ", or see the "
                        a href="/" { "whole fleet" } "." }
                };
                response(StatusCode::NOT_FOUND, "Not found", &main)
            }
            Self::Ledger(_) | Self::Late => {
                tracing::warn!("a page could not be made: {}", Chain(&self));
                let main = html! {
                    p { "The ledger does not answer. Jobs that run go on; this page comes back by itself." }
                    p { "If it stays like this: " (text::command("panos-upgrade doctor")) }
                };
                let mut response =
                    response(StatusCode::SERVICE_UNAVAILABLE, "The ledger does not answer", &main);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
                response
            }
        }
    }
}

/// The answer to an address that nothing has.
#[must_use]
pub fn not_found() -> Response {
    let main = html! {
        p { "There is no such page. See the " a href="/" { "fleet" } ", the " a href="/devices" { "devices" }
            " or the " a href="/workers" { "workers" } "." }
    };
    response(StatusCode::NOT_FOUND, "Not found", &main)
}

fn response(status: StatusCode, title: &str, main: &Markup) -> Response {
    let page = page(status.as_u16(), title, main);
    (status, [(CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response()
}

fn page(code: u16, title: &str, main: &Markup) -> Markup {
    let body = html! {
        section.problem {
            p.code aria-hidden="true" { (code) }
            h1 { (title) }
            (main)
        }
    };
    document(PageName::Problem, title, None, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text_of(response: Response) -> String {
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_unknown_thing_is_404_and_shown_as_text() {
        let response = Problem::Unknown { what: "device <script>\u{0}".to_owned() }.into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let page = text_of(response).await;
        assert!(page.contains("device &lt;script&gt;\\u{0} is not known here"), "{page}");
        assert!(page.contains("data-page=\"problem\""));
    }

    #[tokio::test]
    async fn a_ledger_that_is_away_is_503_with_a_command_and_without_its_words() {
        let away =
            LedgerError::NotReachable { location: "postgres://db".to_owned(), reason: "refused".to_owned() };
        for problem in [Problem::Ledger(away), Problem::Late] {
            let response = problem.into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[RETRY_AFTER], RETRY_AFTER_S);
            let page = text_of(response).await;
            assert!(page.contains("panos-upgrade doctor"), "{page}");
            assert!(!page.contains("postgres://db"), "{page}");
        }
    }
}
