//! Ten thousand devices: the first page is quick, and every device is on one page.

use std::time::{Duration, Instant};

use e2e::crowd;
use e2e::world::{Setup, Way, World};

use crate::site::Site;

const DEVICES: u32 = 10_000;

/// For a page in a browser, on a machine that does other things besides; it takes a tenth of this alone.
const QUICK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn ten_thousand_devices_are_paged_and_each_page_is_quick() {
    let world = World::new(Way::Fleet, Setup::devices(2)).await;
    let ledger = &*world.engine().await.ledger;
    crowd::register(ledger, DEVICES).await.unwrap();
    crowd::enqueue(ledger, (1..=DEVICES).map(crowd::serial)).await.unwrap();
    let site = Site::open(&world).await;
    site.until_number("[data-count=available]", u64::from(DEVICES)).await;

    let began = Instant::now();
    site.go("/devices", "devices").await;
    let took = began.elapsed();
    assert!(took < QUICK, "the first page took {took:?}");
    site.until_attribute("table#devices", "data-total", "10000").await;
    let first = site.listed().await;
    assert!((20..=500).contains(&first.len()), "{} rows on a page", first.len());

    site.browser.click("a[rel=next]").await.unwrap();
    let next = crowd::serial(u32::try_from(first.len()).unwrap() + 1);
    site.until_count(&format!("tr[data-serial='{next}']"), 1).await;
    let second = site.listed().await;
    assert!(first.last() < second.first(), "{:?} before {:?}", first.last(), second.first());

    let last = u64::from(DEVICES).div_ceil(u64::try_from(first.len()).unwrap());
    site.go(&format!("/devices?page={last}"), "devices").await;
    assert_eq!(site.listed().await.last().map(String::as_str), Some(crowd::serial(DEVICES).as_str()));
    assert_eq!(site.browser.count("a[rel=next]").await.unwrap(), 0, "there is no page after the last");
    site.go("/devices?search=edge-09999", "devices").await;
    assert_eq!(site.listed().await, [crowd::serial(9_999).as_str()]);
    site.end().await;
}
