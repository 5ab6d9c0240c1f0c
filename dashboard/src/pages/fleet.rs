//! The fleet page.

use maud::{Markup, html};

use crate::state::Picture;

/// The part of the fleet page that changes.
#[must_use]
pub fn live_fragment(picture: &Picture) -> Markup {
    html! { (picture.revision) }
}
