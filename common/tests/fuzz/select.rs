//! Selections of devices, as they are given on a command line.

use common::domain::device::{Device, Ha, Source};
use common::domain::select::{Selector, all_match};
use fuzzkit::{assert_printable, text_of};

/// Words of the format.
pub const WORDS: &[&str] = &[
    "serial",
    "hostname",
    "model",
    "version",
    "address",
    "ha",
    "connected",
    "source",
    "!=",
    "<=",
    ">=",
    "=",
    "<",
    ">",
    "~",
    "edge-*",
    "*?*?*",
    "11.1.4-h7",
    "standalone",
    "yes",
    "csv",
    "\u{a0}",
];

/// What is read prints as it was given, means the same when read again, and decides every device; what cannot be
/// read is told briefly, with a place inside the expression.
pub fn check(input: &[u8]) {
    let text = text_of(input);
    let selector = match Selector::parse(&text) {
        Ok(selector) => selector,
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.position), "{error}");
            return assert_printable(&error.to_string(), 1_500);
        }
    };
    assert_eq!(selector.to_string(), text.trim());
    let again = Selector::parse(&selector.to_string()).expect("it was read before");
    assert_eq!(again, selector);
    for device in devices() {
        let chosen = selector.matches(&device);
        assert_eq!(again.matches(&device), chosen);
        assert_eq!(all_match(&[selector.clone(), again.clone()], &device), chosen);
    }
    let opposite = text.replacen('=', "!=", 1);
    if !text.contains(['!', '<', '>', '~'])
        && let Ok(opposite) = Selector::parse(&opposite)
    {
        assert!(devices().iter().all(|device| opposite.matches(device) != selector.matches(device)));
    }
}

/// One as it should be, one of which little is known, and one with odd texts.
fn devices() -> [Device; 3] {
    let usual = Device {
        serial: "007900000100103".parse().expect("a serial"),
        hostname: "edge-1".to_owned(),
        address: Some("192.0.2.1".to_owned()),
        model: "PA-440".to_owned(),
        sw_version: "11.1.4-h7".to_owned(),
        ha: Ha::Standalone,
        multi_vsys: false,
        connected: true,
        source: Source::Panorama,
    };
    let unknown = Device {
        hostname: String::new(),
        address: None,
        model: String::new(),
        sw_version: "unknown".to_owned(),
        connected: false,
        source: Source::Csv,
        ..usual.clone()
    };
    let odd =
        Device { hostname: "*?~=é-ß-\u{200b}".to_owned(), sw_version: "7.1".to_owned(), ..usual.clone() };
    [usual, unknown, odd]
}
