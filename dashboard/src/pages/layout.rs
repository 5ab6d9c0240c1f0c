//! What every page shares: head, navigation, connection, foot.
//!
//! Promises: a page names what it is (`data-page`), says whether it is live, and works without the script; nothing in
//! it is inline script or inline style, because the Content-Security-Policy refuses both.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::assets::{ICON, SCRIPT, STYLE};
use super::{text, times};
use crate::state::Picture;

/// Which page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageName {
    /// The whole fleet.
    Fleet,
    /// The list of devices.
    Devices,
    /// One device.
    Device,
    /// The workers.
    Workers,
    /// The form for the token.
    Login,
    /// Something else than what was asked for.
    Problem,
}

impl PageName {
    /// The word in `data-page`.
    fn as_str(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Devices => "devices",
            Self::Device => "device",
            Self::Workers => "workers",
            Self::Login => "login",
            Self::Problem => "problem",
        }
    }

    /// The entry of the navigation under which it stands.
    fn section(self) -> Option<&'static str> {
        match self {
            Self::Fleet => Some("fleet"),
            Self::Devices | Self::Device => Some("devices"),
            Self::Workers => Some("workers"),
            Self::Login | Self::Problem => None,
        }
    }

    /// Whether it goes on changing while it is looked at.
    fn is_live(self) -> bool {
        match self {
            Self::Fleet | Self::Devices | Self::Device | Self::Workers => true,
            Self::Login | Self::Problem => false,
        }
    }

    /// Whether the head has the search; the list of devices has its own, with filters.
    fn has_search(self) -> bool {
        match self {
            Self::Fleet | Self::Device | Self::Workers => true,
            Self::Devices | Self::Login | Self::Problem => false,
        }
    }
}

/// The picture that a page was made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    /// Its number.
    pub(super) revision: u64,
    /// The ledger's clock.
    pub(super) at: Timestamp,
    /// Whether the ledger answered since.
    pub(super) is_fresh: bool,
}

impl Made {
    pub(super) fn from(picture: &Picture) -> Self {
        let is_fresh = picture.ledger_ok || picture.revision == 0;
        Self { revision: picture.revision, at: picture.fleet.at, is_fresh }
    }
}

/// A whole document.
pub(super) fn document(name: PageName, title: &str, made: Option<Made>, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · panos-upgrade" }
                link rel="icon" type="image/svg+xml" href=(ICON.url);
                link rel="stylesheet" href=(STYLE.url);
                script src=(SCRIPT.url) defer {}
            }
            body data-page=(name.as_str()) data-live=[name.is_live().then_some("/live")] {
                a.skip href="#main" { "Skip to content" }
                (head(name))
                @if let Some(made) = made { (stale(made)) }
                main #main tabindex="-1" { (main) }
                (foot(made))
            }
        }
    }
}

fn head(name: PageName) -> Markup {
    html! {
        header.top {
            a.brand href="/" { (sign()) span { "panos-upgrade" } }
            @if name != PageName::Login {
                nav aria-label="Main" {
                    @for (section, label, href) in
                        [("fleet", "Fleet", "/"), ("devices", "Devices", "/devices"), ("workers", "Workers", "/workers")]
                    {
                        a href=(href) data-nav=(section)
                            aria-current=[(name.section() == Some(section)).then_some("page")] { (label) }
                    }
                }
            }
            @if name.has_search() {
                form #search role="search" action="/devices" method="get" {
                    (search_field(""))
                }
            }
            @if name.is_live() {
                span #connection data-state="off" title="How this page is kept up to date" {
                    span.dot aria-hidden="true" {}
                    span.word { "not live" }
                }
            }
        }
    }
}

/// The field that `/` reaches.
pub(super) fn search_field(value: &str) -> Markup {
    html! {
        label.visually-hidden for="search-field" { "Search devices" }
        input #search-field type="search" name="search" value=(value) maxlength="200" autocomplete="off"
            spellcheck="false" placeholder="Serial, hostname, address or model" aria-keyshortcuts="/";
    }
}

/// On every page that shows what the ledger said: that it is silent, as long as it is.
fn stale(made: Made) -> Markup {
    html! {
        div #stale.banner.bad role="status" hidden[made.is_fresh] data-banner="stale" {
            strong { "The ledger does not answer." } " What is shown here is what it said last. Jobs that run go on. "
            "Find out why: " (text::command("panos-upgrade doctor"))
        }
    }
}

fn foot(made: Option<Made>) -> Markup {
    html! {
        footer {
            @if let Some(made) = made {
                span {
                    "Picture "
                    span #revision data-value=(made.revision) { (made.revision) }
                    " of "
                    span #made { (times::ago(made.at)) }
                }
            }
            span { "Hover a time for UTC. " kbd { "/" } " searches." }
            span { "panos-upgrade " (env!("CARGO_PKG_VERSION")) " · " a href="/api/v1/openapi.json" { "API" } }
        }
    }
}

/// The sign beside the name, as in the browser's tab.
fn sign() -> Markup {
    PreEscaped(
        "<svg viewBox=\"0 0 32 32\" width=\"22\" height=\"22\" aria-hidden=\"true\"><rect class=\"sign-back\" width=\"32\" \
         height=\"32\" rx=\"7\"/><path class=\"sign-mark\" d=\"M16 6v11m-5-5 5 5 5-5M8 20v5h16v-5\"/></svg>"
            .to_owned(),
    )
}
