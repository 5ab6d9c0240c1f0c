//! The commands, one file each: the request as XML, the type of its answer, the reader between the two,
//! and its tests over whole answers.
//!
//! A reader takes what it must have or says what is missing; everything else is optional, because
//! releases and models leave out different fields. Leaves to others: sending, keys, refusals
//! ([`client`](crate::client)).

pub(crate) mod connected;
pub(crate) mod disk_space;
pub(crate) mod ha_state;
pub(crate) mod import;
pub(crate) mod install;
pub(crate) mod jobs;
pub(crate) mod licenses;
pub(crate) mod panorama_images;
pub(crate) mod restart;
pub(crate) mod software;
pub(crate) mod support;
pub(crate) mod system_info;
pub(crate) mod version;

use crate::classify::About;
use crate::envelope::Missing;
use crate::transport::Patience;
use crate::xml::Element;

/// What is said about a command in errors and logs, and how long its answer may take.
#[derive(Debug)]
pub(crate) struct Command {
    /// As on the device's command line, without arguments.
    pub(crate) name: &'static str,
    pub(crate) patience: Patience,
    /// Whether an unexpected answer may be quoted.
    pub(crate) quotable: bool,
    /// What it asks for.
    pub(crate) about: About,
}

impl Command {
    pub(crate) const fn ordinary(name: &'static str) -> Self {
        Self { name, patience: Patience::Ordinary, quotable: true, about: About::Device }
    }

    pub(crate) const fn slow(name: &'static str) -> Self {
        Self { patience: Patience::Slow, ..Self::ordinary(name) }
    }
}

/// The entries of a list, unless there are more of them than anybody has: a cut list would pass for whole.
pub(crate) fn bounded<'a>(
    list: &'a Element,
    name: &'static str,
    most: usize,
) -> Result<impl Iterator<Item = &'a Element>, Missing> {
    if list.children(name).nth(most).is_some() {
        return Err(Missing(format!("at most {most} `{name}` in `{}`", list.name())));
    }
    Ok(list.children(name))
}

/// The element at a path below `<response>`, which a success must have.
pub(crate) fn need<'a>(response: &'a Element, path: &[&str]) -> Result<&'a Element, Missing> {
    response.at(path).ok_or_else(|| Missing::element(&path.join("/")))
}

/// The text of a child, which a success must have.
pub(crate) fn need_value(parent: &Element, name: &str) -> Result<String, Missing> {
    parent.known(name).ok_or_else(|| Missing::element(&format!("{}/{name}", parent.name())))
}

/// Whether a field says yes: `yes` mostly, `on` for `multi-vsys` in `show system info`.
pub(crate) fn says_yes(parent: &Element, name: &str) -> bool {
    parent.value(name).is_some_and(|text| text.eq_ignore_ascii_case("yes") || text.eq_ignore_ascii_case("on"))
}

/// A version or another argument as it may stand in the XML of a command.
pub(crate) fn argument(text: &str) -> String {
    quick_xml::escape::escape(text.trim()).into_owned()
}
