//! Listings as devices give them: doubled, disordered, half known.

use proptest::prelude::*;

use super::*;
use crate::domain::version::{Suffix, Train, tests::any_version};

/// An entry as a device prints it, nothing special about it.
fn entry(version: &str, presence: Presence) -> ImageEntry {
    ImageEntry {
        version: version.to_owned(),
        file_name: Some(format!("PanOS_440-{version}")),
        size_bytes: Some(400 << 20),
        presence,
        current: false,
        release_type: None,
        sha256: None,
        released_on: Some("2024/11/14  12:01:07".to_owned()),
    }
}

fn marked(version: &str, release_type: &str) -> ImageEntry {
    ImageEntry { release_type: Some(release_type.to_owned()), ..entry(version, Presence::Absent) }
}

fn versions(listing: &SoftwareListing) -> Vec<String> {
    listing.images().iter().map(|image| image.version.to_string()).collect()
}

fn base(listing: &SoftwareListing, major: u16, minor: u16) -> Option<(bool, String)> {
    let base = listing.base_of(Train::new(major, minor))?;
    Some((matches!(base, Base::Known(_)), base.image().version.to_string()))
}

/// Any image of any version.
pub(crate) fn any_image() -> impl Strategy<Value = ListedImage> {
    let presence = proptest::sample::select(vec![Presence::Absent, Presence::Downloading, Presence::Present]);
    let release_type = proptest::sample::select(vec![
        ReleaseType::Other,
        ReleaseType::Preferred,
        ReleaseType::Other,
        ReleaseType::Base,
    ]);
    let hash = proptest::option::of(proptest::sample::select(vec!["a", "b"]));
    let file = proptest::option::of(proptest::sample::select(vec!["PanOS_440-x", "PanOS_vm-x"]));
    (any_version(), file, proptest::option::of(1..2_u64 << 30), presence, release_type, hash).prop_map(
        |(version, file, size_bytes, presence, release_type, hash)| ListedImage {
            version,
            file_name: file.map(|name| ImageFile::parse(name).unwrap()),
            size_bytes,
            presence,
            current: false,
            release_type,
            sha256: hash.map(|digit| Sha256Hex::parse(&digit.repeat(64)).unwrap()),
            released_on: None,
        },
    )
}

#[test]
fn a_listing_is_ordered_by_version_and_tells_what_it_left_out() {
    let entries = ["11.1.4-h10", "11.1.4-h9", "8.0.0.xfr", "PanCMS", "11.1.4", "", "11.1.4-b2"];
    let listing = SoftwareListing::read(entries.map(|version| entry(version, Presence::Absent)));
    assert_eq!(versions(&listing), ["11.1.4-b2", "11.1.4", "11.1.4-h9", "11.1.4-h10"]);
    assert_eq!(
        listing.ignored(),
        [
            "`PanCMS`: not a PAN-OS version",
            "``: not a PAN-OS version",
            "8.0.0.xfr: a transfer image, nothing to upgrade to"
        ]
    );
}

#[test]
fn an_imported_copy_and_its_listed_twin_are_one_present_image() {
    let imported = ImageEntry {
        file_name: Some("(null)".to_owned()),
        size_bytes: None,
        released_on: Some(String::new()),
        ..entry("10.2.9-h1", Presence::Present)
    };
    let listed = entry("10.2.9-h1", Presence::Absent);
    let one = SoftwareListing::read([imported.clone(), listed.clone()]);
    assert_eq!(one, SoftwareListing::read([listed, imported]), "whichever comes first");

    let [image] = one.images() else { panic!("{one:?}") };
    assert_eq!(image.presence, Presence::Present);
    assert_eq!(image.file_name.as_ref().map(ImageFile::as_str), Some("PanOS_440-10.2.9-h1"));
    assert_eq!(image.size_bytes, Some(400 << 20));
    assert!(one.ignored().is_empty());
}

#[test]
fn two_hashes_for_one_file_are_no_hash() {
    let with =
        |digit: &str| ImageEntry { sha256: Some(digit.repeat(64)), ..entry("11.1.4", Presence::Absent) };
    let agreed = SoftwareListing::read([with("a"), with("A")]);
    assert_eq!(agreed.images()[0].sha256, Some(Sha256Hex::parse(&"a".repeat(64)).unwrap()));

    let torn = SoftwareListing::read([with("a"), with("b")]);
    assert_eq!(torn.images()[0].sha256, None);
    assert!(
        torn.ignored()[0].starts_with("hash of 11.1.4: listed several times and differently"),
        "{torn:?}"
    );
}

#[test]
fn a_hash_that_was_contradicted_does_not_come_back_with_a_third_entry() {
    let with =
        |digit: &str| ImageEntry { sha256: Some(digit.repeat(64)), ..entry("11.1.4", Presence::Absent) };
    for order in [["a", "b", "a"], ["a", "a", "b"], ["b", "a", "a"]] {
        let torn = SoftwareListing::read(order.map(with));
        assert_eq!((torn.images()[0].sha256.as_ref(), torn.ignored().len()), (None, 1), "{order:?}");
    }
}

#[test]
fn the_twin_of_another_platform_lends_neither_size_nor_hash() {
    let ours = ImageEntry { size_bytes: None, ..entry("11.1.4", Presence::Present) };
    let other = ImageEntry {
        file_name: Some("PanOS_vm-11.1.4".to_owned()),
        sha256: Some("a".repeat(64)),
        ..entry("11.1.4", Presence::Absent)
    };
    let listing = SoftwareListing::read([other, ours]);
    let [image] = listing.images() else { panic!("{listing:?}") };
    assert_eq!((image.size_bytes, &image.sha256), (None, &None));
    assert_eq!(image.file_name.as_ref().map(ImageFile::as_str), Some("PanOS_440-11.1.4"));
}

#[test]
fn a_hash_with_line_breaks_is_read_and_a_broken_one_is_told() {
    let with = |hash: String| ImageEntry { sha256: Some(hash), ..entry("11.1.4", Presence::Absent) };
    let padded = SoftwareListing::read([with(format!("\n      {}\n    ", "b5".repeat(32)))]);
    assert_eq!(padded.images()[0].sha256.as_ref().map(Sha256Hex::as_str), Some("b5".repeat(32).as_str()));

    let broken = SoftwareListing::read([with("abc".to_owned())]);
    assert_eq!(broken.images()[0].sha256, None);
    assert_eq!(broken.ignored(), ["hash of 11.1.4: a SHA-256 has 64 hex digits, found 3"]);
}

#[test]
fn the_base_is_marked_or_known_or_the_lowest_release() {
    let marked_base = SoftwareListing::read([
        entry("12.1.0", Presence::Absent),
        marked("12.1.2", "Base"),
        marked("12.1.4", "Preferred"),
        marked("11.1.1", "base"),
        entry("11.1.0", Presence::Absent),
    ]);
    assert_eq!(base(&marked_base, 12, 1), Some((true, "12.1.2".to_owned())));
    assert_eq!(
        base(&marked_base, 11, 1),
        Some((true, "11.1.1".to_owned())),
        "the device knows better than X.Y.0"
    );

    let plain = SoftwareListing::read(
        ["12.1.4", "12.1.2", "11.1.0", "11.1.4", "13.0.3", "13.0.2-h1", "13.0.2-b5", "10.2.4-h2"]
            .map(|version| entry(version, Presence::Absent)),
    );
    assert_eq!(base(&plain, 12, 1), Some((true, "12.1.2".to_owned())));
    assert_eq!(base(&plain, 11, 1), Some((true, "11.1.0".to_owned())));
    assert_eq!(base(&plain, 13, 0), Some((false, "13.0.3".to_owned())), "a hotfix or a beta is no base");
    assert_eq!(base(&plain, 10, 2), None);
    assert_eq!(base(&plain, 9, 1), None);
}

#[test]
fn a_file_name_is_never_a_path() {
    for text in ["", "(null)", "../etc/passwd", "a/b", "a\\b", ".hidden", "a b", "é", &"x".repeat(129)] {
        assert!(ImageFile::parse(text).is_err(), "{text}");
        assert!(serde_json::from_value::<ImageFile>(text.into()).is_err(), "{text}");
    }
    assert_eq!(ImageFile::parse(" PanOS_vm-11.0.1\n").unwrap().as_str(), "PanOS_vm-11.0.1");
}

#[test]
fn release_types_are_read_in_any_case_and_unknown_ones_are_other() {
    for (text, release_type) in [
        ("Base", ReleaseType::Base),
        (" preferred ", ReleaseType::Preferred),
        ("", ReleaseType::Other),
        ("Innovation", ReleaseType::Other),
    ] {
        assert_eq!(ReleaseType::of(text), release_type, "{text}");
    }
}

proptest! {
    #[test]
    fn each_version_is_listed_once_and_in_order(images in proptest::collection::vec(any_image(), 0..40)) {
        let listing = SoftwareListing::new(images.clone());
        prop_assert!(listing.images().is_sorted_by(|left, right| left.version < right.version));
        for image in images.iter().filter(|image| image.version.suffix() != Suffix::Transfer) {
            let found = listing.find(&image.version).expect("every version is listed");
            prop_assert!(found.presence >= image.presence);
        }
    }

    #[test]
    fn a_listing_is_the_same_whatever_the_order(images in proptest::collection::vec(any_image(), 0..20)) {
        let backwards = images.iter().rev().cloned();
        prop_assert_eq!(SoftwareListing::new(backwards), SoftwareListing::new(images));
    }

    #[test]
    fn a_listing_reads_back_from_its_json(images in proptest::collection::vec(any_image(), 0..20)) {
        let listing = SoftwareListing::new(images);
        let json = serde_json::to_string(&listing).unwrap();
        prop_assert_eq!(serde_json::from_str::<SoftwareListing>(&json).unwrap(), listing);
    }
}
