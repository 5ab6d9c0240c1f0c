//! What the unit tests of several modules begin with.

use common::domain::device::{Device, Ha, Source};

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
