//! The three forms of a catalogue, their problems, and which hash counts.

use proptest::prelude::*;

use super::*;
use crate::domain::input::Place;

fn hash(digit: char) -> Sha256Hex {
    Sha256Hex::parse(&digit.to_string().repeat(64)).unwrap()
}

fn text_of(digit: char) -> String {
    hash(digit).to_string()
}

fn entry(version: &str, file_name: Option<&str>, digit: char, source: &str) -> CatalogueEntry {
    CatalogueEntry {
        version: version.parse().unwrap(),
        file_name: file_name.map(|name| ImageFile::parse(name).unwrap()),
        sha256: hash(digit),
        source: source.to_owned(),
    }
}

/// All problems as text, with the long hashes cut to their first digit.
fn told(problems: &[impl ToString]) -> String {
    let mut text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for digit in "0123456789abcdefABCDEF".chars() {
        text = text.replace(&digit.to_string().repeat(64), &format!("{digit}.."));
    }
    text
}

#[test]
fn the_hash_of_a_file_wins_over_the_hash_of_its_version() {
    let (vm, hardware) =
        (ImageFile::parse("PanOS_vm-11.1.4").unwrap(), ImageFile::parse("PanOS_440-11.1.4").unwrap());
    let catalogue =
        Catalogue::new([entry("11.1.4", None, 'a', "x"), entry("11.1.4", Some("PanOS_vm-11.1.4"), 'b', "x")])
            .unwrap();
    let (listed, other) = ("11.1.4".parse().unwrap(), "11.1.5".parse().unwrap());
    assert_eq!(catalogue.expected(&listed, Some(&vm)), Some(&hash('b')));
    assert_eq!(catalogue.expected(&listed, Some(&hardware)), Some(&hash('a')));
    assert_eq!(catalogue.expected(&listed, None), Some(&hash('a')));
    assert_eq!(catalogue.expected(&other, Some(&vm)), None);
}

#[test]
fn a_hash_of_another_file_is_no_reference() {
    let catalogue = Catalogue::new([entry("11.1.4", Some("PanOS_vm-11.1.4"), 'b', "x")]).unwrap();
    let hardware = ImageFile::parse("PanOS_440-11.1.4").unwrap();
    assert_eq!(catalogue.expected(&"11.1.4".parse().unwrap(), Some(&hardware)), None);
    assert_eq!(catalogue.expected(&"11.1.4".parse().unwrap(), None), None);
}

#[test]
fn two_hashes_for_one_key_are_refused_with_both_places() {
    let conflicts = Catalogue::new([
        entry("11.1.4", None, 'a', "one.csv, line 2"),
        entry("11.1.4", None, 'a', "two.csv, line 2"),
        entry("11.1.4", None, 'b', "two.csv, line 3"),
        entry("11.1.5", Some("PanOS_vm-11.1.5"), 'c', "one.csv, line 4"),
        entry("11.1.5", Some("PanOS_vm-11.1.5"), 'd', "two.csv, line 5"),
    ])
    .unwrap_err();
    insta::assert_snapshot!(told(&conflicts), @r#"
    two hashes for any file of 11.1.4: a.. (one.csv, line 2) and b.. (two.csv, line 3)
    two hashes for PanOS_vm-11.1.5 of 11.1.5: c.. (one.csv, line 4) and d.. (two.csv, line 5)
    "#);
}

#[test]
fn csv_is_read_with_its_columns_in_any_order() {
    let text = format!(
        "\u{feff}SHA256, Filename ,version,comment\r\n{},PanOS_440-11.1.4,11.1.4,checked\r\n\r\n {} ,,11.1.5\r\n",
        text_of('a').to_uppercase(),
        text_of('b'),
    );
    assert_eq!(
        parse(&text, "hashes.csv").unwrap(),
        [
            entry("11.1.4", Some("PanOS_440-11.1.4"), 'a', "hashes.csv, line 2"),
            entry("11.1.5", None, 'b', "hashes.csv, line 4"),
        ]
    );
    let narrow = format!("version,sha256\n11.1.4,{}\n", text_of('a'));
    assert_eq!(parse(&narrow, "h").unwrap(), [entry("11.1.4", None, 'a', "h, line 2")]);
}

#[test]
fn a_json_list_is_read() {
    let list = serde_json::json!([
        {"version": "11.1.4", "filename": "PanOS_440-11.1.4", "sha256": text_of('a')},
        {"version": "11.1.5", "filename": null, "sha256": format!(" {}\n", text_of('b').to_uppercase()), "size": 1},
    ]);
    assert_eq!(
        parse(&list.to_string(), "hashes.json").unwrap(),
        [
            entry("11.1.4", Some("PanOS_440-11.1.4"), 'a', "hashes.json, at [0]"),
            entry("11.1.5", None, 'b', "hashes.json, at [1]"),
        ]
    );
}

#[test]
fn the_predecessors_object_of_hashes_is_read() {
    let text = format!(r#"{{"11.1.4-h7": "{}", "10.2.0": "{}"}}"#, text_of('a'), text_of('b'));
    assert_eq!(
        parse(&text, "version_hashes.json").unwrap(),
        [
            entry("11.1.4-h7", None, 'a', "version_hashes.json, at `11.1.4-h7`"),
            entry("10.2.0", None, 'b', "version_hashes.json, at `10.2.0`"),
        ]
    );
    assert_eq!(parse("{}", "x").unwrap(), []);
    assert_eq!(parse("[]", "x").unwrap(), []);
}

#[test]
fn all_problems_of_a_csv_are_told_together() {
    let (a, b) = (text_of('a'), text_of('b'));
    let text = format!(
        "version,filename,sha256\n11.1,PanOS_440-11.1.4,{a}\n11.1.4,../PanOS,abc\n11.1.5\n11.1.6,,{a}x\n11.1.7,,{a}\n11.1.7,,{b}\n"
    );
    insta::assert_snapshot!(told(&parse(&text, "hashes.csv").unwrap_err()), @r#"
    hashes.csv, line 2: found `11.1`; write the version as MAJOR.MINOR.PATCH or with -hN, for example 11.1.4-h7
    hashes.csv, line 3: found `../PanOS`; write the file name as the device lists it, for example PanOS_440-11.1.4-h7, or leave it empty
    hashes.csv, line 3: found `abc`; a SHA-256 has 64 hex digits, found 3
    hashes.csv, line 4: found ``; a SHA-256 has 64 hex digits, found 0
    hashes.csv, line 5: found `a..x`; a SHA-256 has 64 hex digits, found 65 characters with 'x' at position 65
    hashes.csv, line 7: found two hashes for any file of 11.1.7: a.. (hashes.csv, line 6) and b.. (hashes.csv, line 7); check which one the vendor publishes
    "#);
}

#[test]
fn all_problems_of_a_json_file_are_told_together() {
    let a = text_of('a');
    let list = format!(
        r#"[{{"version": 11, "sha256": "{a}"}}, "x", {{"version": "11.1.4"}}, {{"version": "11.1.4", "filename": [], "sha256": "{a}"}}]"#
    );
    insta::assert_snapshot!(told(&parse(&list, "hashes.json").unwrap_err()), @r#"
    hashes.json, at [0].version: found the number `11`; write a text in quotation marks
    hashes.json, at [1]: found `x`; write an object with version, filename and sha256
    hashes.json, at [2].sha256: found no sha256; write a text in quotation marks
    hashes.json, at [3].filename: found a list of 0; write a text in quotation marks
    "#);

    let object = format!(
        r#"{{"11.1.4": "{a}", "11.1": "{a}", "11.1.5": null, "11.1.4": "{}", "11.1.6": "sha256:x"}}"#,
        text_of('b')
    );
    insta::assert_snapshot!(told(&parse(&object, "version_hashes.json").unwrap_err()), @r#"
    version_hashes.json, at `11.1`: found `11.1`; write the version as MAJOR.MINOR.PATCH or with -hN, for example 11.1.4-h7
    version_hashes.json, at `11.1.5`: found null; write the hash as 64 hex digits in quotation marks
    version_hashes.json, at `11.1.6`: found `sha256:x`; a SHA-256 has 64 hex digits, found 8 characters with 's' at position 1
    version_hashes.json, at `11.1.4`: found two hashes for any file of 11.1.4: a.. (version_hashes.json, at `11.1.4`) and b.. (version_hashes.json, at `11.1.4`); check which one the vendor publishes
    "#);
}

#[test]
fn a_file_of_no_known_form_is_refused() {
    for (text, place) in [
        ("", Place::Whole),
        (" \n ", Place::Whole),
        ("version,hash\n11.1.4,abc\n", Place::Line(1)),
        ("[{]", Place::Line(1)),
        ("{\"11.1.4\":\n", Place::Line(2)),
    ] {
        let problems = parse(text, "hashes").unwrap_err();
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!(problem.place, place, "{problem}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in r#"[{}\[\]",:0-9.a-f\- \n]{0,80}"#) {
        let _ = parse(&text, "hashes");
        let _ = parse(&format!("version,filename,sha256\n{text}"), "hashes");
    }
}
