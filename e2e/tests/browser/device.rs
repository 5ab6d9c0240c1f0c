//! One device: what happened to it in order, the hashes of its images, and that the chain of it all is whole.

use e2e::world::{Setup, Way, World};
use jiff::Timestamp;
use serde::Deserialize;

use crate::site::Site;

#[tokio::test]
async fn a_device_shows_its_timeline_its_hashes_and_a_whole_chain() {
    let world = World::queued(Way::Fleet, Setup::devices(3).all_at_once()).await;
    world.work().await;
    let site = Site::with(&world, &[]).await;
    let serial = world.simulator.serials().await.remove(0);
    site.go("/devices", "devices").await;
    site.browser.click(&format!("tr[data-serial='{serial}'] a")).await.unwrap();
    site.until_page("device").await;

    let shown = site.browser.text("body").await.unwrap().unwrap();
    let status = world.cli(&["device", "status", &serial]).await.ok().json();
    let hashes = status["version_hashes"].as_object().unwrap();
    assert!(!hashes.is_empty(), "{status}");
    for (version, hash) in hashes {
        assert!(shown.contains(version) && shown.contains(hash.as_str().unwrap()), "{version}: {shown}");
    }
    assert!(shown.contains("verified") && shown.contains(&world.simulator.ready().target), "{shown}");
    assert_eq!(site.browser.attribute("[data-chain]", "data-chain").await.unwrap().as_deref(), Some("whole"));

    let told: Vec<Moment> = serde_json::from_value(site.script(TIMELINE).await).unwrap();
    assert!(told.is_sorted_by(|one, next| one.at >= next.at), "newest first: {told:#?}");
    let entries = world.trail(&serial).await;
    let wanted = entries.iter().enumerate().map(|(index, entry)| {
        let word = serde_json::to_value(entry.action).unwrap().as_str().unwrap().replace('_', " ");
        (format!("entry-{}", index + 1), word)
    });
    let shown = told.iter().filter(|moment| moment.key.starts_with("entry-"));
    let shown: Vec<_> = shown.map(|moment| (moment.key.clone(), moment.what.clone())).collect();
    assert_eq!(shown, wanted.rev().collect::<Vec<_>>(), "every entry of the chain, the newest one first");
    let attempts = world.attempts_of(&serial).await.len();
    assert_eq!(told.len(), entries.len() + attempts, "and each attempt once: {told:#?}");
    site.end().await;
}

/// One point of the timeline.
#[derive(Debug, Deserialize)]
struct Moment {
    key: String,
    at: Timestamp,
    what: String,
}

const TIMELINE: &str = "
    return Array.from(document.querySelectorAll('#timeline li'), e => ({
        key: e.dataset.key,
        at: e.querySelector('time').dateTime,
        what: e.querySelector('strong').textContent,
    }));";

#[tokio::test]
async fn a_device_that_nobody_knows_is_said_to_be_unknown() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    let site = Site::with(&world, &[]).await;
    for path in ["/devices/007900000001", "/devices/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/no-such-page"] {
        site.browser.open(&site.url(path)).await.unwrap();
        let links = site.browser.count("nav a[data-nav=devices]").await.unwrap();
        assert_eq!(links, 1, "{path}: the way back is there");
        assert_eq!(site.browser.count("script:not([src])").await.unwrap(), 0, "{path}");
    }
    site.end_after_failed_requests().await;
}
