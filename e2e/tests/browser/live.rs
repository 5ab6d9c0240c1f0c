//! A fleet drains before the eyes of who looks, and nobody loads the page again.

use e2e::world::{Setup, Way, World};

use crate::site::{Site, number};

const DEVICES: u64 = 12;

#[tokio::test]
async fn a_fleet_of_worker_processes_is_seen_to_drain_without_loading_the_page_again() {
    let world = World::queued(Way::Fleet, Setup::devices(DEVICES).all_at_once()).await;
    let site = Site::open(&world).await;
    site.until_number("[data-count=available]", DEVICES).await;
    remember_the_page(&site).await;

    world.simulator.stand_still().await;
    let (one, other) = (world.start_worker(), world.start_worker());
    site.until_number("[data-count=running]", DEVICES).await;
    world.simulator.go_on().await;
    drained(&world, &site).await;

    site.go("/workers", "workers").await;
    for worker in [&one, &other] {
        let row = format!("table#workers tr[data-worker*='{}']", worker.id());
        site.until_count(&row, 1).await;
    }
    assert_eq!((one.terminated().await, other.terminated().await), (0, 0));
    site.end().await;
}

#[tokio::test]
async fn the_dashboard_inside_a_worker_shows_what_that_worker_does() {
    let world = World::discovered(Way::Embedded, Setup::devices(DEVICES).all_at_once()).await;
    world.simulator.stand_still().await;
    let site = Site::in_a_worker(&world).await;
    remember_the_page(&site).await;
    world.queue_all().await;
    site.until_number("[data-count=running]", DEVICES).await;
    world.simulator.go_on().await;
    drained(&world, &site).await;
    site.end().await;
}

/// A mark that only a loaded page loses, and the number of its picture.
async fn remember_the_page(site: &Site<'_>) {
    site.script("window.kept = document.getElementById('revision').dataset.value").await;
}

/// Every device gets ready, and the page that was open says so.
async fn drained(world: &World, site: &Site<'_>) {
    site.until_number("[data-count=completed]", DEVICES).await;
    let revisions =
        site.script("return [window.kept, document.getElementById('revision').dataset.value]").await;
    let revisions: Vec<Option<u64>> =
        revisions.as_array().unwrap().iter().map(|text| text.as_str().and_then(number)).collect();
    assert!(
        revisions[0].is_some() && revisions[0] < revisions[1],
        "was the page loaded again? {revisions:?}"
    );

    let target = &world.simulator.ready().target;
    site.until_count(&format!("[data-image='{target}']"), 1).await;
    site.until_count("#chart svg", 1).await;
    assert_eq!(site.browser.count("section#exceptions tr[data-kind]").await.unwrap(), 0);
    let rows = site.browser.texts("[data-count]").await.unwrap();
    let total: u64 = rows.iter().filter_map(|text| number(text)).sum();
    assert_eq!(total, DEVICES, "every device is counted once: {rows:?}");
}
