//! HA pairs among devices: who belongs to whom, and how evenly the two are staged.
//!
//! Pure. Promises: each device is in one pair at most, also where three name each other in a circle; that one
//! member names the other is enough. Leaves to others: how a pair shares its work ([`intake`](super), the ledger's claim).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::device::{Device, Serial};
use crate::domain::version::Version;
use schemars::JsonSchema;
use serde::Serialize;

/// Two devices that belong together, the active member first where one is.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The active one, where one is.
    pub first: &'a Device,
    /// The other.
    pub second: &'a Device,
}

/// The pairs of which both members are among `devices`, by the smaller serial.
pub fn pairs<'a>(devices: impl IntoIterator<Item = &'a Device>) -> Vec<Pair<'a>> {
    let by_serial: BTreeMap<&Serial, &Device> =
        devices.into_iter().map(|device| (&device.serial, device)).collect();
    let (mut paired, mut pairs) = (BTreeSet::new(), Vec::new());
    for device in by_serial.values() {
        let Some(peer) = device.ha.peer().and_then(|peer| by_serial.get(peer)) else { continue };
        let is_taken = paired.contains(&device.serial) || paired.contains(&peer.serial);
        if is_taken || peer.serial == device.serial {
            continue;
        }
        let (first, second) =
            if is_active(peer) && !is_active(device) { (peer, device) } else { (device, peer) };
        paired.extend([&device.serial, &peer.serial]);
        pairs.push(Pair { first, second });
    }
    pairs
}

/// Each member's peer, for both members of each pair.
pub fn peers<'a>(devices: impl IntoIterator<Item = &'a Device>) -> HashMap<Serial, Serial> {
    let pairs = pairs(devices).into_iter();
    let both = |Pair { first, second }: Pair<'_>| {
        [(first.serial.clone(), second.serial.clone()), (second.serial.clone(), first.serial.clone())]
    };
    pairs.flat_map(both).collect()
}

/// `active`, `active-primary`.
fn is_active(device: &Device) -> bool {
    matches!(device.ha.state(), "active" | "active-primary")
}

/// Whether a member is the one to be worked on first: it forwards no traffic, or less of it.
#[must_use]
pub fn is_standby(device: &Device) -> bool {
    matches!(device.ha.state(), "passive" | "active-secondary")
}

/// What is known of one member's images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staging {
    /// Nobody knows, or a job is at it: nothing can be compared yet.
    Unsettled,
    /// Nothing was brought, or not everything.
    NotReady,
    /// Everything that its job was for is there.
    Ready(BTreeSet<Version>),
}

/// A pair of which the members cannot be upgraded together.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Asymmetry {
    /// Their serials, the active one first.
    pub members: [Serial; 2],
    /// What differs, in one sentence.
    pub difference: String,
}

/// Compares the members of a pair; `None` while they are even, or one is still being worked on.
#[must_use]
pub fn compare(pair: &Pair<'_>, first: &Staging, second: &Staging) -> Option<Asymmetry> {
    let (name_1, name_2) = (pair.first.label(), pair.second.label());
    let difference = match (first, second) {
        (Staging::Unsettled, _) | (_, Staging::Unsettled) | (Staging::NotReady, Staging::NotReady) => {
            return None;
        }
        (Staging::Ready(_), Staging::NotReady) => format!("{name_1} is ready, {name_2} is not"),
        (Staging::NotReady, Staging::Ready(_)) => format!("{name_2} is ready, {name_1} is not"),
        (Staging::Ready(one), Staging::Ready(other)) if one == other => return None,
        (Staging::Ready(one), Staging::Ready(other)) => {
            format!("{name_1} has {}, {name_2} has {}", list(one), list(other))
        }
    };
    Some(Asymmetry { members: [pair.first.serial.clone(), pair.second.serial.clone()], difference })
}

fn list(versions: &BTreeSet<Version>) -> String {
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    if versions.is_empty() { "nothing to bring".to_owned() } else { versions.join(", ") }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::domain::device::{Ha, Source};

    use super::*;

    /// A member of a pair, or of what it takes for one.
    pub(crate) fn member(serial: &str, state: &str, peer: Option<&str>) -> Device {
        Device {
            serial: serial.parse().unwrap(),
            hostname: String::new(),
            address: Some("192.0.2.1".to_owned()),
            model: "PA-440".to_owned(),
            sw_version: "10.2.9".to_owned(),
            ha: Ha::Member { state: state.to_owned(), peer: peer.map(|peer| peer.parse().unwrap()) },
            multi_vsys: false,
            connected: true,
            source: Source::Panorama,
        }
    }

    #[test]
    fn pairs_come_once_with_the_active_member_first_and_a_circle_makes_no_second_pair() {
        let devices = [
            member("01", "passive", Some("02")),
            member("02", "active", Some("01")),
            member("03", "active", Some("99")),
            member("04", "active", Some("04")),
            member("05", "suspended", None),
            member("06", "active", Some("07")),
            member("07", "passive", Some("08")),
            member("08", "passive", Some("06")),
            member("09", "active-secondary", None),
            member("10", "active-primary", Some("09")),
        ];
        let pairs: Vec<_> = pairs(&devices)
            .iter()
            .map(|pair| (pair.first.serial.as_str(), pair.second.serial.as_str()))
            .collect();
        assert_eq!(pairs, [("02", "01"), ("06", "07"), ("10", "09")]);
        let peers = peers(&devices);
        assert_eq!(peers.len(), 6);
        assert!(peers.iter().all(|(serial, peer)| peers[peer] == *serial));
    }

    #[test]
    fn an_uneven_pair_is_told_and_one_that_is_being_worked_on_is_not() {
        let devices = [member("01", "active", Some("02")), member("02", "passive", None)];
        let pairs = pairs(&devices);
        let ready = |versions: &[&str]| {
            Staging::Ready(versions.iter().map(|version| version.parse().unwrap()).collect())
        };
        let told = |first: &Staging, second: &Staging| {
            compare(&pairs[0], first, second).map(|asymmetry| asymmetry.difference)
        };
        let whole = ready(&["11.1.0", "11.1.4-h7"]);
        assert_eq!(told(&whole, &whole.clone()), None);
        assert_eq!(told(&whole, &Staging::Unsettled), None);
        assert_eq!(told(&Staging::NotReady, &Staging::NotReady), None);
        assert_eq!(told(&Staging::NotReady, &whole), Some("02 is ready, 01 is not".to_owned()));
        assert_eq!(
            told(&ready(&["11.1.0"]), &whole),
            Some("01 has 11.1.0, 02 has 11.1.0, 11.1.4-h7".to_owned())
        );
    }
}
