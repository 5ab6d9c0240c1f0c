//! Search, filters and exceptions lead to the devices that are meant.

use common::domain::failure::FailureKind;
use common::ledger::End;
use e2e::crowd;
use e2e::world::{Setup, Way, World};
use testkit::browser::Key;

use crate::site::Site;

const DEVICES: u32 = 30;

/// Thirty devices: one failed, one runs, ten wait, the rest was never queued.
async fn mixed(world: &World) {
    let ledger = &*world.engine().await.ledger;
    crowd::register(ledger, DEVICES).await.unwrap();
    let jobs = crowd::enqueue(ledger, (1..=12).map(crowd::serial)).await.unwrap();
    let full = End::Failed { kind: FailureKind::DiskFull, message: "no room for 11.1.4-h7".to_owned() };
    crowd::end(ledger, jobs[0], &full).await.unwrap();
    crowd::claim(ledger, jobs[1], "worker-1").await.unwrap();
}

#[tokio::test]
async fn a_search_narrows_the_table_and_can_be_shared_by_its_address() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    mixed(&world).await;
    let site = Site::with(&world, &[]).await;
    site.go("/devices", "devices").await;
    site.until_attribute("table#devices", "data-total", "30").await;

    site.browser.type_into("form#search input[name=search]", "EDGE-0000").await.unwrap();
    site.browser.press(Key::Enter.into()).await.unwrap();
    site.until_attribute("table#devices", "data-total", "9").await;
    site.until_count("table#devices tbody tr[data-serial]", 9).await;
    let url = site.browser.url().await.unwrap();
    assert!(url.ends_with("/devices?search=EDGE-0000"), "{url}");
    site.browser.open(&url).await.unwrap();
    assert_eq!(site.listed().await.len(), 9, "the address alone says it all");

    // Characters that mean something to a database mean themselves.
    for (text, found) in
        [("%", 0), ("edge_0", 0), ("edge-00013", 1), (crowd::serial(7).as_str(), 1), ("PA-4", 30)]
    {
        site.browser.type_into("form#search input[name=search]", text).await.unwrap();
        site.browser.press(Key::Enter.into()).await.unwrap();
        site.until_attribute("table#devices", "data-total", &found.to_string()).await;
    }
    site.end().await;
}

#[tokio::test]
async fn states_and_kinds_of_failures_lead_to_their_devices() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    mixed(&world).await;
    let site = Site::open(&world).await;
    site.until_number("[data-count=failed]", 1).await;
    site.browser.click("section#exceptions tr[data-kind=disk_full] a").await.unwrap();
    site.until_page("devices").await;
    assert_eq!(site.listed().await, [crowd::serial(1).as_str()]);

    for (state, found) in [("available", 10), ("running", 1), ("failed", 1), ("completed", 0)] {
        site.go("/devices", "devices").await;
        site.browser.click(&format!("a[href='/devices?state={state}']")).await.unwrap();
        site.until_attribute("table#devices", "data-total", &found.to_string()).await;
    }
    site.go("/devices?state=asleep&page=0", "devices").await;
    assert_eq!(site.listed().await.len(), 30, "what makes no sense is left out");
    site.end().await;
}
