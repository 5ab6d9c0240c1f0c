//! Everything can be reached without a mouse, and what is swapped under the focus does not lose it.

use e2e::crowd;
use e2e::world::{SOON, Setup, Way, World};
use serde_json::json;
use testkit::browser::{Browser, Key};

use crate::site::Site;

/// More stops than a page of a small fleet has.
const STOPS: usize = 60;

#[tokio::test]
async fn the_first_stop_leads_to_the_content_and_all_parts_are_stops() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    crowd::register(&*world.engine().await.ledger, 3).await.unwrap();
    let site = Site::open(&world).await;
    let (tab, enter) = (Key::Tab.into(), Key::Enter.into());

    site.browser.press(tab).await.unwrap();
    assert_eq!(focused(&site, "getAttribute('href')").await, "#main", "the first stop skips the navigation");
    let seen =
        "const box = document.activeElement.getBoundingClientRect(); return box.top >= 0 && box.width > 1";
    assert_eq!(site.script(seen).await, true, "who has the focus is seen");
    site.browser.press(enter).await.unwrap();
    site.browser.press(tab).await.unwrap();
    let inside = "return document.getElementById('main').contains(document.activeElement)";
    assert_eq!(site.script(inside).await, true, "the next stop is in the content");

    site.go("/devices", "devices").await;
    let mut stops = Vec::new();
    for _ in 0..STOPS {
        site.browser.press(tab).await.unwrap();
        stops.push(focused(&site, "outerHTML").await);
    }
    for wanted in [
        "data-nav=\"fleet\"",
        "data-nav=\"workers\"",
        "name=\"search\"",
        &format!("/devices/{}", crowd::serial(2)),
    ] {
        assert!(stops.iter().any(|stop| stop.contains(wanted)), "{wanted} is no stop: {stops:#?}");
    }
    site.end().await;
}

#[tokio::test]
async fn a_slash_goes_to_the_search_and_a_new_picture_leaves_the_focus_where_it_is() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    let ledger = &*world.engine().await.ledger;
    crowd::register(ledger, 3).await.unwrap();
    let site = Site::open(&world).await;
    site.browser.press('/').await.unwrap();
    assert_eq!(focused(&site, "name").await, "search");
    assert_eq!(focused(&site, "value").await, "", "the slash itself is not typed");

    site.go("/devices", "devices").await;
    site.until_connection("live").await;
    let link = format!("a[href='/devices/{}']", crowd::serial(2));
    site.browser.script("document.querySelector(arguments[0]).focus()", vec![json!(link)]).await.unwrap();
    crowd::enqueue(ledger, [crowd::serial(1)]).await.unwrap();
    let row = format!("tr[data-serial='{}']", crowd::serial(1));
    let swapped = async |browser: &Browser| {
        let text = browser.text(&row).await?.unwrap_or_default();
        Ok(if text.contains("available") { Ok(()) } else { Err(text) })
    };
    site.browser.until("the table shows the new job", SOON, swapped).await.unwrap();
    assert_eq!(focused(&site, "getAttribute('href')").await, format!("/devices/{}", crowd::serial(2)));
    site.end().await;
}

async fn focused(site: &Site<'_>, what: &str) -> String {
    let found = site.script(&format!("return document.activeElement.{what}")).await;
    found.as_str().unwrap_or_default().to_owned()
}
