//! Pictures for the documentation: a fleet in the middle of its work, and one of its devices.

use std::path::Path;

use e2e::world::{Setup, Way, World};
use testkit::browser::Look;

use crate::site::Site;

/// Small enough for a repository.
const AT_MOST_BYTES: usize = 200 * 1024;

/// What is seen without scrolling, as little as makes the point.
const DESK: Look = Look { height: 720, ..Look::DESK };

#[tokio::test]
#[ignore = "writes docs/screenshots: `scripts/screenshots` runs it"]
async fn the_pictures_of_the_documentation_are_made() {
    let setup = Setup::devices(60).scenario("demo").download_time("8s").all_at_once();
    let world = World::discovered(Way::Fleet, setup).await;
    let site = Site::open(&world).await;
    let (one, other) = (world.start_worker(), world.start_worker());
    world.queue_all_with(&["--ha-parallel"]).await.with_code(&[0, 1]);
    let drained = async |browser: &testkit::browser::Browser| {
        let left = browser.text("[data-count=running]").await?;
        let waiting = browser.text("[data-count=available]").await?;
        let completed = browser.text("[data-count=completed]").await?;
        let done = completed.as_deref().and_then(crate::site::number) >= Some(40);
        Ok(if done { Ok(()) } else { Err(format!("{left:?} run, {waiting:?} wait, {completed:?} are done")) })
    };
    site.browser.until("most of the fleet is done", e2e::world::LONG, drained).await.unwrap();

    picture(&site, "fleet-light", DESK).await;
    picture(&site, "fleet-dark", DESK.dark()).await;
    picture(&site, "phone", Look::PHONE).await;
    world.until_all_ended().await;
    site.browser.look(DESK).await.unwrap();
    site.go("/devices?sort=state", "devices").await;
    picture(&site, "devices", DESK).await;
    site.go("/devices?state=completed", "devices").await;
    site.browser.click("table#devices tbody tr[data-serial] a").await.unwrap();
    site.until_page("device").await;
    picture(&site, "device", DESK).await;
    assert_eq!((one.terminated().await, other.terminated().await), (0, 0));
    site.end().await;
}

async fn picture(site: &Site<'_>, name: &str, look: Look) {
    site.browser.look(look).await.unwrap();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshots");
    std::fs::create_dir_all(&directory).unwrap();
    let png = site.browser.photograph().await.unwrap();
    assert!(png.len() <= AT_MOST_BYTES, "{name}: {} bytes", png.len());
    std::fs::write(directory.join(format!("{name}.png")), png).unwrap();
}
