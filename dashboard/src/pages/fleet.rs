//! The fleet page: how far it is, what is in the way, what happens now.
//!
//! Promises: everything on it comes from one [`Picture`], so that its numbers agree with each other, and rendering
//! asks nobody. The part that changes is one fragment, rendered once for all who look. `headline` says it in one
//! line and what to do about it, `progress` by state and by image, `chart` over time, `lists` one by one.

mod chart;
mod headline;
mod lists;
mod progress;

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};

use super::layout::{Made, PageName, document};
use super::text;
use crate::state::{AppState, Picture};

/// `GET /`.
pub(super) async fn page(State(state): State<AppState>) -> Html<String> {
    let picture = state.pictures.borrow().clone();
    Html(whole(&picture).into_string())
}

pub(super) fn whole(picture: &Picture) -> Markup {
    let main = html! {
        h1.visually-hidden { "Fleet" }
        div #live { (live_fragment(picture)) }
    };
    document(PageName::Fleet, "Fleet", Some(Made::from(picture)), &main)
}

/// What stands inside `#live`.
#[must_use]
pub fn live_fragment(picture: &Picture) -> Markup {
    html! {
        (headline::headline(picture))
        (headline::banners(picture))
        @if picture.fleet.counts.total == 0 {
            (nothing_yet(picture))
        } @else {
            div.grid {
                (progress::by_state(&picture.fleet.counts))
                div.stack {
                    (progress::by_image(&picture.fleet.images))
                    (lists::workers(&picture.workers))
                }
                (chart::chart(&picture.chart))
                (lists::exceptions(&picture.exceptions))
                (lists::running(picture))
                (lists::recent(&picture.recent))
            }
        }
    }
}

/// What to do with a fleet that has no jobs.
fn nothing_yet(picture: &Picture) -> Markup {
    html! {
        section.panel.empty {
            @if picture.revision == 0 {
                h2 { "The ledger was not read yet" }
                p { "This page fills itself as soon as it answers." }
            } @else if picture.fleet.n_devices == 0 {
                h2 { "No device yet" }
                p { "Read the fleet from Panorama: " (text::command("panos-upgrade device discover")) }
                p { "Or bring a list: " (text::command("panos-upgrade device import devices.csv")) }
            } @else {
                h2 { "No job yet" }
                p { (text::counted(picture.fleet.n_devices, "device")) " in the inventory. See what a target would need: "
                    (text::command("panos-upgrade download plan --target 11.1.4-h7")) }
                p { "Then queue it for the fleet: "
                    (text::command("panos-upgrade download queue-all --target 11.1.4-h7")) }
            }
        }
        @if picture.revision > 0 { (lists::workers(&picture.workers)) }
    }
}
