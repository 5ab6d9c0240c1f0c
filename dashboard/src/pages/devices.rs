//! The list of devices: search, filter, sort and page through, with and without the script.
//!
//! Promises: the address of the page is the whole of the question, so that it can be sent to somebody; a question that
//! makes no sense is answered without the part that makes none, and says so. `question` reads and writes the address,
//! `table` shows the answer.

mod question;
mod table;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Html;
use common::domain::job::JobState;
use common::ledger::{DevicePage, StatusCounts};
use maud::{Markup, html};

use super::layout::{Made, PageName, document, search_field};
use super::problem::Problem;
use super::{asked, text, words};
use crate::state::{AppState, Picture};
pub(super) use question::{Asked, Question};

/// `GET /devices`.
pub(super) async fn page(
    State(state): State<AppState>,
    asked_for: Result<Query<Asked>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let question = understood(asked_for);
    let devices = asked(state.engine.ledger.device_page(&question.query)).await?;
    let picture = state.pictures.borrow().clone();
    Ok(Html(whole(&question, &devices, &picture).into_string()))
}

/// `GET /fragments/devices`.
pub(super) async fn fragment(
    State(state): State<AppState>,
    asked_for: Result<Query<Asked>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let question = understood(asked_for);
    let devices = asked(state.engine.ledger.device_page(&question.query)).await?;
    let picture = state.pictures.borrow().clone();
    Ok(Html(changing(&question, &devices, &picture.fleet.counts).into_string()))
}

/// An address that cannot be read at all asks for the plain list.
fn understood(asked_for: Result<Query<Asked>, QueryRejection>) -> Question {
    match asked_for {
        Ok(Query(asked)) => Question::read(&asked),
        Err(_) => Question {
            nonsense: Some("the filters of this address, which cannot be read".to_owned()),
            ..Question::read(&Asked::default())
        },
    }
}

pub(super) fn whole(question: &Question, devices: &DevicePage, picture: &Picture) -> Markup {
    let main = html! {
        h1 { "Devices" }
        form #search role="search" action="/devices" method="get" {
            (search_field(question.query.search.as_deref().unwrap_or_default()))
            @for (name, value) in question.kept_by_search() {
                input type="hidden" name=(name) value=(value);
            }
            button type="submit" { "Search" }
        }
        div data-refresh={ "/fragments" (question.href()) } {
            (changing(question, devices, &picture.fleet.counts))
        }
    };
    document(PageName::Devices, "Devices", Some(Made::from(picture)), &main)
}

/// What stands inside the part that changes.
fn changing(question: &Question, devices: &DevicePage, counts: &StatusCounts) -> Markup {
    html! {
        @if let Some(nonsense) = &question.nonsense {
            div.banner.plain { "Left out: " (text::cell(nonsense)) }
        }
        (chips(question, counts))
        @if let Some(kind) = question.query.kind {
            div.banner.plain {
                "Only " strong { (text::words(kind.as_str())) } " · " a href=(question.of_kind(None).href()) { "show all" }
                p.remedy { (text::remedy(kind.remedy())) }
            }
        }
        (table::table(question, devices))
    }
}

/// The states as filters. Counts are of the whole fleet: they say where to look, not what was found.
fn chips(question: &Question, counts: &StatusCounts) -> Markup {
    html! {
        nav.chips aria-label="States" {
            a href=(question.of_state(None).href()) aria-current=[question.query.state.is_none().then_some("true")] { "all" }
            @for state in JobState::ALL {
                a href=(question.of_state(Some(state)).href())
                    aria-current=[(question.query.state == Some(state)).then_some("true")] {
                    span.sign aria-hidden="true" { (words::sign(state)) } (state.as_str()) " "
                    span.number { (text::number(counts.by_state.get(&state).copied().unwrap_or(0))) }
                }
            }
        }
    }
}
