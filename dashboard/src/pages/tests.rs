//! Every page with ordinary, hostile and absent values.

mod fixtures;

use std::collections::BTreeSet;

use common::domain::job::JobState;
use common::ledger::DevicePage;
use maud::Markup;

use super::devices::{Asked, Question};
use super::{device, devices, fleet, login, workers};
use crate::state::Picture;
use fixtures::{HOSTILE, made, picture, ten_kilobytes};

/// Every page there is, with these words wherever a word comes from outside.
fn pages_with(words: &str) -> Vec<(&'static str, String)> {
    let picture = picture(words);
    let asked: Asked = serde_json::from_value(serde_json::json!({
        "search": words, "state": words, "kind": "disk_full", "sort": "updated", "page": "2",
    }))
    .unwrap();
    let rendered = |page: Markup| page.into_string();
    vec![
        ("fleet", rendered(fleet::whole(&picture))),
        ("devices", rendered(devices::whole(&Question::read(&asked), &fixtures::devices(words), &picture))),
        ("device", rendered(device::whole(&fixtures::device(words), made()))),
        ("workers", rendered(workers::whole(&picture.workers, &picture.running, &picture))),
        ("login", rendered(login::page(Some(words)))),
    ]
}

/// Names of all tags of a page, and its attributes as `name` or `name="value"`.
fn markup_of(page: &str) -> (BTreeSet<String>, Vec<String>) {
    let (mut tags, mut attributes) = (BTreeSet::new(), Vec::new());
    for tag in page.split('<').skip(1) {
        let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag).trim_end_matches('/');
        let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        tags.insert(name.trim_start_matches('/').to_ascii_lowercase());
        while let Some((attribute, after)) = rest.trim_start().split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap();
            attributes.push(format!("{}=\"{value}\"", attribute.trim()));
            rest = after;
        }
    }
    (tags, attributes)
}

#[test]
fn hostile_values_add_no_tag_and_no_attribute_to_any_page() {
    let plain = pages_with("edge 1");
    for hostile in HOSTILE {
        for ((name, page), (_, plain)) in pages_with(hostile).iter().zip(&plain) {
            let (tags, attributes) = markup_of(page);
            let unexpected: Vec<_> = tags.difference(&markup_of(plain).0).cloned().collect();
            // A long value is folded, which ordinary ones are not.
            assert!(unexpected.is_empty(), "{name} with {hostile:?} has {unexpected:?}");
            let is_handler =
                |attribute: &&String| attribute.starts_with("on") || attribute.starts_with("style");
            assert_eq!(attributes.iter().find(is_handler), None, "{name} with {hostile:?}");
            let is_script = |attribute: &&String| {
                let followed = ["href=", "src=", "action=", "data-refresh="];
                let is_followed = followed.iter().any(|name| attribute.starts_with(name));
                is_followed && attribute.to_ascii_lowercase().contains("javascript:")
            };
            assert_eq!(attributes.iter().find(is_script), None, "{name} with {hostile:?}");
        }
    }
}

#[test]
fn no_page_lets_through_what_moves_hides_or_reorders_text() {
    for hostile in HOSTILE {
        for (name, page) in pages_with(hostile) {
            let bad = page.chars().find(|c| {
                (c.is_control() && *c != '\n') || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            assert_eq!(bad, None, "{name} with {hostile:?}");
        }
    }
}

#[test]
fn hostile_values_can_still_be_read() {
    for (name, page) in pages_with("<script>alert(\"1\")</script>\u{202e}\u{0}") {
        assert!(
            page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;\\u{202e}\\u{0}"),
            "{name}: {page}"
        );
    }
}

#[test]
fn no_page_has_inline_script_or_style() {
    for (name, page) in pages_with("edge 1") {
        assert_eq!(page.matches("<script").count(), 1, "{name}");
        assert!(page.contains("<script src=\"/assets/app."), "{name}");
        assert!(!page.contains("<style") && !page.contains(" style="), "{name}");
        for attribute in &markup_of(&page).1 {
            assert!(!attribute.starts_with("on"), "{name}: {attribute}");
            let Some(("href" | "src" | "action" | "data-refresh", to)) = attribute.split_once('=') else {
                continue;
            };
            assert!(
                to.starts_with("\"/") && !to.starts_with("\"//") || to == "\"#main\"",
                "{name}: {attribute}"
            );
        }
    }
}

#[test]
fn ten_kilobytes_are_folded_where_there_is_room_and_cut_where_there_is_none() {
    let text = ten_kilobytes();
    for (name, page) in pages_with(&text) {
        let letters = page.matches('q').count();
        match name {
            "device" => assert!(page.contains(&text), "the device's page has all of it"),
            _ => assert!(letters < 60_000, "{name} has {letters}"),
        }
        assert!(page.len() < 400_000, "{name} has {} bytes", page.len());
    }
}

#[test]
fn every_state_is_counted_in_numbers() {
    let page = fleet::whole(&picture("edge 1")).into_string();
    for (index, state) in JobState::ALL.iter().enumerate() {
        let hook = format!("data-count=\"{state}\">{}</span>", (index + 1) * 1_000);
        assert!(page.contains(&hook), "{hook} in {page}");
    }
}

#[test]
fn pages_have_the_hooks_that_programs_and_the_script_look_for() {
    let pages = pages_with("edge 1");
    let hooks: [(&str, &[&str]); 5] = [
        (
            "fleet",
            &[
                "id=\"live\"",
                "id=\"connection\" data-state=\"off\"",
                "id=\"revision\" data-value=\"7\"",
                "data-image=\"11.1.4-h7\"",
                "id=\"chart\"",
                "<section class=\"panel wide\" id=\"exceptions\"",
                "tr data-kind=\"disk_full\"",
                "data-nav=\"workers\"",
                "data-banner=\"held\"",
            ],
        ),
        (
            "devices",
            &[
                "id=\"search\"",
                "name=\"search\"",
                "id=\"devices\"",
                "data-total=\"350\"",
                "tr data-serial=\"007900000001\"",
                "rel=\"next\"",
                "rel=\"prev\"",
                "data-refresh=\"/fragments/devices?",
            ],
        ),
        (
            "device",
            &["id=\"timeline\"", "data-chain=\"whole\"", "data-refresh=\"/fragments/devices/007900000001\""],
        ),
        ("workers", &["id=\"workers\"", "tr data-worker=\"edge 1\"", "data-refresh=\"/fragments/workers\""]),
        ("login", &["name=\"token\"", "method=\"post\"", "action=\"/login\""]),
    ];
    for ((name, page), (of, hooks)) in pages.iter().zip(hooks) {
        assert_eq!(*name, of);
        assert!(page.contains(&format!("<body data-page=\"{name}\"")), "{name}");
        for hook in hooks {
            assert!(page.contains(hook), "{name} lacks {hook}: {page}");
        }
    }
}

#[test]
fn an_empty_fleet_is_told_what_to_do_first() {
    let empty = Picture { revision: 1, ledger_ok: true, feed_ok: true, ..Picture::unread(made().at) };
    let page = fleet::whole(&empty).into_string();
    assert!(page.contains("No device yet") && page.contains("panos-upgrade device discover"), "{page}");
    assert!(!says_stale(&empty));

    let mut without_jobs = empty.clone();
    without_jobs.fleet.n_devices = 12;
    assert!(fleet::whole(&without_jobs).into_string().contains("panos-upgrade download queue-all"));

    let none = DevicePage { total: 0, page: 1, per_page: 100, rows: Vec::new() };
    let page = devices::whole(&Question::read(&Asked::default()), &none, &empty).into_string();
    assert!(page.contains("No device yet"), "{page}");
    let page = workers::whole(&[], &[], &empty).into_string();
    assert!(page.contains("panos-upgrade work"), "{page}");
}

#[test]
fn a_picture_that_is_old_says_so_and_how_old() {
    let stale = Picture { ledger_ok: false, ..picture("edge 1") };
    assert!(says_stale(&stale) && !says_stale(&picture("edge 1")));
}

/// Whether the page shows that the ledger does not answer.
fn says_stale(picture: &Picture) -> bool {
    let page = fleet::whole(picture).into_string();
    let (_, banner) = page.split_once("id=\"stale\"").unwrap();
    let (attributes, text) = banner.split_once('>').unwrap();
    assert!(text.contains("panos-upgrade doctor"), "{page}");
    !attributes.contains("hidden")
}
