//! Which devices an expression chooses, and how a bad one is refused.

use proptest::prelude::*;

use super::*;
use crate::domain::device::{Ha, Serial};

fn device() -> Device {
    Device {
        serial: Serial::parse("007900000100112").unwrap(),
        hostname: "Edge-Zürich 1".to_owned(),
        address: Some("192.0.2.41".to_owned()),
        model: "PA-440".to_owned(),
        sw_version: "11.1.4-h7".to_owned(),
        ha: Ha::Member { state: "passive".to_owned(), peer: None },
        multi_vsys: false,
        connected: true,
        source: Source::Panorama,
    }
}

fn chosen(expression: &str, device: &Device) -> bool {
    Selector::parse(expression).unwrap_or_else(|error| panic!("{error}")).matches(device)
}

#[test]
fn what_holds_is_chosen_and_its_opposite_is_not() {
    let device = device();
    for (holds, fails) in [
        ("serial=007900000100112", "serial!=007900000100112"),
        ("serial~0079*", "serial~0078*"),
        ("hostname=edge-zürich 1", "hostname=edge"),
        ("hostname~edge-*", "hostname~*-edge"),
        ("hostname~*z?rich*", "hostname~z?rich"),
        ("model=pa-440", "model=PA-4400"),
        ("model!=PA-VM", "model!=PA-440"),
        ("address~192.0.2.*", "address=192.0.2.4"),
        ("ha=passive", "ha=active"),
        ("ha!=standalone", "ha=standalone"),
        ("connected=yes", "connected=no"),
        ("connected=YES", "connected!=yes"),
        ("source=panorama", "source=csv"),
        ("version=11.1.4-h7", "version!=11.1.4-h7"),
        ("version!=11.1.4", "version=11.1.4"),
        ("version<11.1.4-h10", "version<11.1.4-h7"),
        ("version<=11.1.4-h7", "version<=11.1.4"),
        ("version>11.1.4", "version>11.1.5"),
        ("version>=11.1.4-h7", "version>=11.1.4-h8"),
        ("version~11.1.*", "version~11.2.*"),
        ("  version  >=  11.1.0  ", "version > 12.1.2"),
    ] {
        assert!(chosen(holds, &device), "{holds}");
        assert!(!chosen(fails, &device), "{fails}");
    }
}

#[test]
fn a_device_with_an_unreadable_version_has_no_place_in_the_order() {
    let odd = Device { sw_version: "11.1-custom".to_owned(), ..device() };
    for expression in ["version<99.0.0", "version>=0.0.0", "version=11.1.0"] {
        assert!(!chosen(expression, &odd), "{expression}");
    }
    assert!(chosen("version!=11.1.0", &odd));
    assert!(chosen("version~*custom", &odd));
}

#[test]
fn a_device_without_an_address_is_like_no_address() {
    let hidden = Device { address: None, ..device() };
    assert!(!chosen("address~192.*", &hidden));
    assert!(chosen("address!=192.0.2.41", &hidden));
}

#[test]
fn all_selectors_must_hold() {
    let all = |expressions: &[&str]| {
        let selectors: Vec<Selector> = expressions.iter().map(|text| text.parse().unwrap()).collect();
        all_match(&selectors, &device())
    };
    assert!(all(&[]));
    assert!(all(&["model=PA-440", "version<11.2.0"]));
    assert!(!all(&["model=PA-440", "version<11.1.0"]));
}

#[test]
fn a_refusal_names_the_expression_the_place_and_what_may_stand_there() {
    let table = [
        (
            "versoin<11.0.0",
            "selection `versoin<11.0.0`, character 1: unknown field `versoin`; the fields are serial hostname model \
             version address ha connected source",
        ),
        (
            "",
            "selection ``, character 1: expected one of = != ~, or with version also < <= > >=, after the field; the \
             fields are serial hostname model version address ha connected source",
        ),
        (
            "model",
            "selection `model`, character 6: expected one of = != ~, or with version also < <= > >=, after the \
             field; the fields are serial hostname model version address ha connected source",
        ),
        ("model= ", "selection `model= `, character 8: expected a value after the operator"),
        (
            "model <5",
            "selection `model <5`, character 7: only version has an order; use = != or ~ with model",
        ),
        (
            "version<11.0",
            "selection `version<11.0`, character 9: `11.0` is not a PAN-OS version: write MAJOR.MINOR.PATCH, optionally \
             with -hN (hotfix), -bN (beta), -cN (custom) or .xfr, for example 11.1.4-h7; a pattern goes with ~, for \
             example version~11.1.*",
        ),
        (
            "connected=maybe",
            "selection `connected=maybe`, character 11: connected is never `maybe`; it is one of yes no",
        ),
        (
            "source!=file",
            "selection `source!=file`, character 9: source is never `file`; it is one of panorama csv",
        ),
    ];
    for (expression, message) in table {
        assert_eq!(Selector::parse(expression).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_selector_prints_as_it_was_given() {
    assert_eq!(Selector::parse(" model ~ PA-4* ").unwrap().to_string(), "model ~ PA-4*");
}

#[test]
fn patterns_fit_whole_texts_and_take_no_longer_for_many_stars() {
    for (pattern, text, fits) in [
        ("*", "", true),
        ("?", "", false),
        ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false),
        ("**a**", "a", true),
        ("a?c", "aéc", true),
        ("[ab]", "a", false),
        ("A*", "abc", true),
    ] {
        assert_eq!(like(pattern, text), fits, "{pattern} on {text}");
    }
    assert!(!like(&"*a".repeat(200), &"a".repeat(199)));
}

proptest! {
    #[test]
    fn no_expression_makes_the_parser_panic(expression in any::<String>()) {
        if let Err(error) = Selector::parse(&expression) {
            prop_assert!(error.position <= expression.chars().count() + 1);
        }
    }

    #[test]
    fn a_text_fits_itself_and_every_pattern_made_of_it(text in "[a-z?]{0,12}", star in 0..13_usize) {
        let plain = text.replace('?', "x");
        prop_assert!(like(&plain, &plain));
        let cut = star.min(plain.len());
        let pattern = format!("{}*{}", &plain[..cut], &plain[cut..]);
        prop_assert!(like(&pattern, &plain));
    }
}
