//! Plans by table, refusals with their remedies, and what holds of any plan.

mod properties;
mod refusals;
mod tables;

use super::*;
use crate::domain::image::{ImageEntry, SoftwareListing};

pub(super) fn v(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// A listing from words like `11.1.0`, `11.1.4+` (present), `11.1.6~` (downloading), `11.1.4-h7!` (preferred),
/// `12.1.2#` (marked as base).
pub(super) fn listing(words: &str) -> SoftwareListing {
    SoftwareListing::read(words.split_whitespace().map(|word| {
        let version = word.trim_end_matches(['+', '~', '!', '#']);
        let presence = match word {
            word if word.contains('+') => Presence::Present,
            word if word.contains('~') => Presence::Downloading,
            _ => Presence::Absent,
        };
        let release_type = match word {
            word if word.contains('!') => Some("Preferred".to_owned()),
            word if word.contains('#') => Some("Base".to_owned()),
            _ => None,
        };
        ImageEntry {
            version: version.to_owned(),
            file_name: Some(format!("PanOS_440-{version}")),
            size_bytes: Some(1000 << 20),
            presence,
            current: false,
            release_type,
            sha256: None,
            released_on: None,
        }
    }))
}

/// What a firewall of a middle generation lists: every train, some releases of each.
pub(super) const FLEET: &str = "9.1.0 9.1.14 10.0.0 10.0.12! 10.1.0 10.1.3 10.1.6-h6 10.1.14-h4! \
     10.1.14-h9 10.2.0 10.2.9-h1! 10.2.13 11.0.0 11.0.6 11.1.0 11.1.4 11.1.4-h7! 11.1.5-b3 11.1.6 11.2.0 \
     11.2.4-h4! 11.2.5 12.1.2# 12.1.4";

pub(super) fn policy(skip: Skip) -> Policy {
    Policy { skip, ..Policy::default() }
}

pub(super) fn downgrades() -> Policy {
    Policy { allow_downgrade: true, ..Policy::default() }
}

pub(super) fn target(text: &str) -> Goal {
    Goal::Target(v(text))
}

pub(super) fn explicit(words: &str) -> Goal {
    Goal::Explicit(words.split_whitespace().map(v).collect())
}

pub(super) fn planned(
    current: &str,
    goal: &Goal,
    listing: Option<&SoftwareListing>,
    policy: &Policy,
) -> Plan {
    plan(&v(current), goal, listing, policy)
        .unwrap_or_else(|refusal| panic!("{current} -> {goal}: {refusal}"))
}

/// The versions of a plan in one line.
pub(super) fn versions(plan: &Plan) -> String {
    plan.images.iter().map(|image| image.version.to_string()).collect::<Vec<_>>().join(" ")
}
