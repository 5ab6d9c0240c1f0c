use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Element {
    Element::parse(text).unwrap_or_else(|malformed| panic!("{malformed}: {text}"))
}

#[test]
fn both_kinds_of_quotes_prologs_and_blanks_around_equals_signs_are_read() {
    let key =
        parse("\u{feff}<?xml version='1.0' encoding='utf-8'?>\n<response status = 'success' code=\"19\"/>\n");
    assert_eq!(key.attribute("status"), Some("success"));
    assert_eq!(key.attribute("code"), Some("19"));
    assert_eq!(key.attribute("cmd"), None);
}

#[test]
fn readers_go_along_the_child_axis() {
    let root = parse("<r><e n='1'><e n='deep'/></e>tail<e n='2'/><x/></r>");
    let names: Vec<_> = root.children("e").filter_map(|e| e.attribute("n")).collect();
    assert_eq!(names, ["1", "2"]);
    assert_eq!(root.text(), "tail");
    assert_eq!(root.at(&["e", "e"]).and_then(|e| e.attribute("n")), Some("deep"));
    assert_eq!(root.at(&["e", "x"]), None);
}

#[test]
fn text_is_joined_from_its_pieces_and_entities_are_resolved() {
    let root = parse("<r>\n  a&amp; &lt;b&gt;<!-- no --><![CDATA[ <c> & ]]>&#x41;&#10;z\n</r>");
    assert_eq!(root.text(), "a& <b> <c> & A\nz");
    assert_eq!(parse("<r a='&quot;x&apos;&#65;'/>").attribute("a"), Some("\"x'A"));
}

#[test]
fn words_for_no_value_are_no_value() {
    let root = parse("<r><a>unknown</a><b>(null)</b><c> </c><d>N/A</d><e>known</e></r>");
    for name in ["a", "b", "c", "d", "absent"] {
        assert_eq!(root.known(name), None, "{name}");
    }
    assert_eq!(root.known("e").as_deref(), Some("known"));
    assert_eq!(root.value("a"), Some("unknown"));
}

#[test]
fn what_is_not_one_document_is_named() {
    let cases = [
        ("", Malformed::Empty),
        ("  \n", Malformed::Empty),
        ("<!-- only -->", Malformed::Empty),
        ("no tags", Malformed::TextOutside),
        ("<a/>junk", Malformed::TextOutside),
        ("<a/><b/>", Malformed::SecondDocument),
        ("<a></a>\n<?xml version='1.0'?><a/>", Malformed::SecondDocument),
        ("<a><b>cut", Malformed::Cut),
        ("<a><b>cut</", Malformed::Cut),
        ("<a><b att=\"x", Malformed::Cut),
        ("<a><b></a></b>", Malformed::Syntax),
        ("<a/></b>", Malformed::Syntax),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", Malformed::DocumentType),
        ("<a>&nbsp;</a>", Malformed::Entity),
        ("<a b='&evil;'/>", Malformed::Entity),
        ("<a>&#0;</a>", Malformed::Entity),
        ("<a b=c/>", Malformed::Syntax),
    ];
    for (text, expected) in cases {
        assert_eq!(Element::parse(text), Err(expected), "{text}");
    }
}

#[test]
fn depth_elements_and_attributes_are_limited() {
    let nested = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    assert!(Element::parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(Element::parse(&nested(MAX_DEPTH + 1)), Err(Malformed::TooDeep));
    // Far beyond any stack, had it been read recursively.
    assert_eq!(Element::parse(&nested(1_000_000)), Err(Malformed::TooDeep));

    let wide = |n: usize| format!("<a>{}</a>", "<b/>".repeat(n));
    assert_eq!(Element::parse(&wide(MAX_ELEMENTS)), Err(Malformed::TooManyElements));

    let attributes = |n: usize| format!("<a{}/>", (0..n).map(|i| format!(" a{i}=''")).collect::<String>());
    assert!(Element::parse(&attributes(MAX_ATTRIBUTES)).is_ok());
    assert_eq!(Element::parse(&attributes(200_000)), Err(Malformed::TooManyAttributes));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in ".{0,300}") {
        let _read_or_refused = Element::parse(&text);
    }

    #[test]
    fn any_mix_of_xml_pieces_is_read_or_refused_without_a_panic(
        pieces in proptest::collection::vec(
            prop::sample::select(vec![
                "<a>", "</a>", "<a", "/>", ">", "<![CDATA[", "]]>", "<!--", "-->", "&", "&amp;", "&#x", ";", "<?xml",
                "?>", "='", "\"", "<!DOCTYPE", "\u{0}", "é", " ", "\n", "</", "<response status = 'success'>", "x",
            ]),
            0..60,
        ),
    ) {
        let _read_or_refused = Element::parse(&pieces.concat());
    }

    #[test]
    fn any_text_survives_being_escaped(text in "[^\u{0}-\u{1f}\u{fffe}\u{ffff}]{0,100}") {
        let document = format!("<a>{}</a>", quick_xml::escape::escape(text.as_str()));
        let read = parse(&document);
        prop_assert_eq!(read.text(), text.trim());
    }
}
