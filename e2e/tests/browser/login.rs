//! Nothing is shown without the token, and the token itself is not shown to anybody.

use e2e::crowd;
use e2e::world::{Setup, Way, World};
use serde_json::json;
use testkit::browser::Key;

use crate::site::Site;

const TOKEN: &str = "correct-horse-battery-staple-0123456789";

#[tokio::test]
async fn a_browser_signs_in_with_the_token_and_scripts_cannot_read_it() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    crowd::register(&*world.engine().await.ledger, 3).await.unwrap();
    world.write("dashboard-token", TOKEN);
    let site = Site::with(&world, &[("dashboard.token_file", json!("dashboard-token"))]).await;

    for path in ["/", "/devices", "/workers", "/devices/007900000001"] {
        site.go(path, "login").await;
        assert!(!site.browser.text("body").await.unwrap().unwrap().contains("edge-0000"), "{path}");
    }
    for wrong in ["wrong", "correct-horse"] {
        sign_in(&site, wrong).await;
        site.until_count("[role=alert]", 1).await;
        site.until_page("login").await;
    }
    sign_in(&site, TOKEN).await;
    site.until_page("fleet").await;
    site.until_connection("live").await;
    assert_eq!(site.script("return document.cookie").await, "", "a script cannot read it");
    site.go("/devices", "devices").await;
    assert_eq!(site.listed().await.len(), 3);
    let source = site.script("return document.documentElement.outerHTML").await;
    assert!(!source.as_str().unwrap().contains(TOKEN), "the page holds the token");
    site.end_after_failed_requests().await;
    assert!(!world.printed().contains(TOKEN), "a program printed the token");
}

#[tokio::test]
async fn a_program_shows_the_token_with_each_request() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    world.write("dashboard-token", TOKEN);
    let site = Site::with(&world, &[("dashboard.token_file", json!("dashboard-token"))]).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, without) in [("/api/v1/fleet", 401), ("/live", 401), ("/healthz", 200)] {
        let ask = |token: Option<&str>| {
            let request = http.get(site.url(path)).header("accept", "application/json");
            token.map_or_else(|| http.get(site.url(path)), |token| request.bearer_auth(token)).send()
        };
        assert_eq!(ask(None).await.unwrap().status(), without, "{path} without a token");
        assert_eq!(ask(Some("wrong")).await.unwrap().status(), without, "{path} with a wrong token");
        assert_eq!(ask(Some(TOKEN)).await.unwrap().status(), 200, "{path} with the token");
    }
    site.end().await;
}

async fn sign_in(site: &Site<'_>, token: &str) {
    site.browser.type_into("input[name=token]", token).await.unwrap();
    site.browser.press(Key::Enter.into()).await.unwrap();
}
