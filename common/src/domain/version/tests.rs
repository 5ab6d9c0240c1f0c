//! The order of versions and their text, by table and by property.

use proptest::prelude::*;

use super::*;

/// Any version, its numbers drawn from few values so that equal trains and patches are common.
pub(crate) fn any_version() -> impl Strategy<Value = Version> {
    let suffix = prop_oneof![
        (0..100_u32).prop_map(Suffix::Custom),
        (0..100_u32).prop_map(Suffix::Beta),
        Just(Suffix::Transfer),
        Just(Suffix::Release),
        (1..20_u32).prop_map(Suffix::Hotfix),
    ];
    let train = prop_oneof![
        4 => proptest::sample::select(TRAINS.to_vec()),
        1 => (0..20_u16, 0..5_u16).prop_map(|(major, minor)| Train::new(major, minor)),
    ];
    (train, 0..20_u16, suffix).prop_map(|(train, patch, suffix)| Version { train, patch, suffix })
}

fn v(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn versions_follow_the_order_of_the_vendor() {
    let ordered = [
        "8.1.26-h1",
        "9.0.0-b36",
        "9.0.0",
        "9.1.13",
        "9.1.13-h1",
        "9.1.13-h3",
        "9.1.14",
        "10.0.0",
        "10.2.0-c4",
        "10.2.0-c65",
        "10.2.0-b1",
        "10.2.0.xfr",
        "10.2.0",
        "10.2.0-h1",
        "10.2.0-h9",
        "10.2.0-h10",
        "10.2.1",
        "11.0.0",
        "12.1.2",
        "12.1.2-h1",
    ];
    for (i, left) in ordered.iter().enumerate() {
        for (j, right) in ordered.iter().enumerate() {
            assert_eq!(v(left).cmp(&v(right)), i.cmp(&j), "{left} against {right}");
        }
    }
}

#[test]
fn text_that_is_no_version_is_refused_and_quoted() {
    let refused = [
        "",
        " ",
        "7.1",
        "11",
        "11.1.",
        ".1.4",
        "11..4",
        "11.1.4.5",
        "11.1.4-",
        "11.1.4-h",
        "11.1.4-x1",
        "11.1.4-h1-h2",
        "11.1.4h7",
        "11.1.4-H7",
        "v11.1.4",
        " 11.1.4",
        "11.1.4\n",
        "11.01.4",
        "11.1.4-h07",
        "+11.1.4",
        "11.1.-4",
        "11.1.4.XFR",
        "11.1.4-h7.xfr",
        "65536.0.0",
        "1.1.1-h4294967296",
        "11.1.4-é7",
        "unknown",
        "１１.1.4",
    ];
    for text in refused {
        let error = Version::from_str(text).expect_err(text).to_string();
        assert!(error.starts_with(&quoted(text)) && error.contains("MAJOR.MINOR.PATCH"), "{error}");
    }
    let long = Version::from_str(&"1".repeat(1_000_000)).unwrap_err().to_string();
    assert!(long.len() < 300, "{long}");
}

#[test]
fn a_train_has_the_base_that_the_tables_name() {
    assert_eq!(Train::new(11, 1).base(), v("11.1.0"));
    assert_eq!(Train::new(12, 1).base(), v("12.1.2"));
    assert_eq!(Train::new(13, 0).base(), v("13.0.0"));
}

#[test]
fn trains_are_read_like_versions() {
    assert_eq!("11.1".parse(), Ok(Train::new(11, 1)));
    for text in ["", "11", "11.", "11.1.4", "11.01", "x.y"] {
        assert!(Train::from_str(text).is_err(), "{text}");
    }
    assert!(Train::new(12, 1).is_known() && !Train::new(11, 3).is_known());
    assert!(TRAINS.is_sorted_by(|left, right| left < right));
}

#[test]
fn a_version_in_json_is_a_plain_text_and_checked_again() {
    assert_eq!(serde_json::to_string(&v("11.1.4-h7")).unwrap(), r#""11.1.4-h7""#);
    assert_eq!(serde_json::from_str::<Version>(r#""11.1.4-h7""#).unwrap(), v("11.1.4-h7"));
    let error = serde_json::from_str::<Version>(r#""11.1""#).unwrap_err().to_string();
    assert!(error.contains("`11.1` is not a PAN-OS version"), "{error}");
    assert_eq!(serde_json::from_str::<Train>(r#""12.1""#).unwrap(), Train::new(12, 1));
}

#[test]
fn a_table_may_align_a_version() {
    assert_eq!(format!("{:<9}|{:>7}|", v("11.1.4-h7"), v("9.0.0")), "11.1.4-h7|  9.0.0|");
}

proptest! {
    #[test]
    fn printing_gives_back_what_was_parsed(version in any_version()) {
        let text = version.to_string();
        prop_assert_eq!(text.parse::<Version>(), Ok(version));
    }

    #[test]
    fn what_parses_prints_as_it_was_written(text in r"[0-9]{1,3}(\.[0-9]{1,2}){1,3}(-[a-z]?[0-9]{0,3}|\.xfr)?") {
        if let Ok(version) = text.parse::<Version>() {
            prop_assert_eq!(version.to_string(), text);
        }
    }

    #[test]
    fn the_order_is_total(a in any_version(), b in any_version(), c in any_version()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        prop_assert_eq!(a == b, a.to_string() == b.to_string());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn a_later_train_is_later_whatever_follows(a in any_version(), b in any_version()) {
        if a.train() < b.train() {
            prop_assert!(a < b);
        }
    }

    #[test]
    fn the_parser_never_panics(text in any::<String>()) {
        let _ = text.parse::<Version>();
        let _ = text.parse::<Train>();
    }
}
