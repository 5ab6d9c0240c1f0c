//! A server that is killed is missed at once, and found again with what happened meanwhile.

use e2e::crowd;
use e2e::world::{Setup, Way, World};

use crate::site::Site;

#[tokio::test]
async fn a_page_says_that_its_server_is_gone_and_lives_on_with_the_next_one() {
    let world = World::new(Way::Fleet, Setup::devices(2)).await;
    let ledger = &*world.engine().await.ledger;
    crowd::register(ledger, 8).await.unwrap();
    crowd::enqueue(ledger, (1..=3).map(crowd::serial)).await.unwrap();
    let mut site = Site::open(&world).await;
    site.until_number("[data-count=available]", 3).await;
    site.script("window.kept = true").await;

    site.kill9();
    site.until_connection("lost").await;
    let said = site.browser.text("#connection").await.unwrap().unwrap();
    assert!(said.contains("connection lost, retrying"), "{said}");
    site.until_number("[data-count=available]", 3).await;
    crowd::enqueue(ledger, (4..=8).map(crowd::serial)).await.unwrap();

    site.start().await;
    site.until_connection("live").await;
    site.until_number("[data-count=available]", 8).await;
    assert_eq!(site.script("return window.kept").await, true, "the page came back by itself");
    site.end_after_failed_requests().await;
}
