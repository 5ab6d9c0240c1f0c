//! By day and by night, on a desk and on a phone: nothing sticks out, and dark is dark.

use common::domain::failure::FailureKind;
use common::ledger::{End, ImageRecord, ImageState};
use e2e::crowd;
use e2e::world::{Setup, Way, World};
use serde_json::json;
use testkit::browser::Look;

use crate::site::Site;

#[tokio::test]
async fn no_page_is_wider_than_its_screen_and_dark_is_dark() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    let ledger = &*world.engine().await.ledger;
    let mut devices: Vec<_> = (1..=20).map(crowd::device).collect();
    devices[0].hostname = "a-hostname-without-any-place-to-break-".repeat(4);
    crowd::record(ledger, &devices).await.unwrap();
    let jobs = crowd::enqueue(ledger, (1..=20).map(crowd::serial)).await.unwrap();
    let message = "w".repeat(500);
    crowd::end(ledger, jobs[0], &End::Failed { kind: FailureKind::DiskFull, message }).await.unwrap();
    crowd::claim(ledger, jobs[1], "a-worker-without-any-place-to-break-in-its-name-either-0123456789")
        .await
        .unwrap();

    let site = Site::open(&world).await;
    site.until_number("[data-count=failed]", 1).await;
    let device = format!("/devices/{}", crowd::serial(1));
    for (path, page) in [
        ("/", "fleet"),
        ("/devices", "devices"),
        (device.as_str(), "device"),
        ("/workers", "workers"),
        ("/login", "login"),
    ] {
        for look in [Look::DESK, Look::DESK.dark(), Look::PHONE, Look::PHONE.dark()] {
            site.browser.look(look).await.unwrap();
            site.go(path, page).await;
            let (by, what) = site.browser.sticks_out().await.unwrap();
            assert_eq!(by, 0, "{path} on {look:?}: {what} sticks out");
            let light = site.script(LIGHTNESS).await.as_f64().unwrap();
            assert_eq!(light < 0.5, look.is_dark, "{path} on {look:?}: its ground is {light}");
            let contrast = site.script(CONTRAST).await.as_f64().unwrap();
            assert!(
                contrast >= 4.5,
                "{path} on {look:?}: text and ground differ by {contrast} (WCAG 2.2: 4.5)"
            );
        }
    }
    site.end().await;
}

#[tokio::test]
async fn on_a_phone_every_number_of_an_image_is_on_the_screen() {
    let world = World::new(Way::Embedded, Setup::devices(2)).await;
    let ledger = &*world.engine().await.ledger;
    crowd::register(ledger, 1).await.unwrap();
    let job = crowd::enqueue(ledger, [crowd::serial(1)]).await.unwrap()[0];
    let claimed = crowd::claim(ledger, job, "crowd").await.unwrap();
    let mut step = crowd::step(&claimed, 40, "downloading");
    step.images = vec![ImageRecord {
        version: crowd::TARGET.parse().unwrap(),
        position: 0,
        rule: "the version that was asked for".to_owned(),
        file_name: None,
        size_bytes: None,
        state: ImageState::Downloading,
        device_job: None,
        outcome: None,
    }];
    ledger.record(&claimed.lease, &step).await.unwrap();

    let site = Site::with(&world, &[]).await;
    site.browser.look(Look::PHONE).await.unwrap();
    site.go("/", "fleet").await;
    site.until_count(&format!("[data-image='{}']", crowd::TARGET), 1).await;
    let unseen = site.script(UNSEEN).await;
    assert_eq!(unseen, json!([]), "hidden at the side");
    assert_eq!(site.script(LINES_OF_VERSION).await, 1, "a version is one word");
    site.end().await;
}

/// Cells of the images that are not wholly inside their box, by their label or text.
const UNSEEN: &str = "
    const box = document.querySelector('.images .scroll').getBoundingClientRect();
    return Array.from(document.querySelectorAll('[data-image] > *'))
        .filter(e => { const r = e.getBoundingClientRect(); return r.width === 0 || r.left < box.left - 1 || r.right > box.right + 1; })
        .map(e => e.dataset.label || e.textContent);";

/// How many lines the version takes.
const LINES_OF_VERSION: &str = "
    const range = document.createRange();
    range.selectNodeContents(document.querySelector('[data-image] th'));
    return new Set(Array.from(range.getClientRects(), r => Math.round(r.top))).size;";

/// Relative luminance of the ground, 0 to 1, as WCAG 2.2 defines it; the canvas reads any notation of a colour.
const LIGHTNESS: &str = "
    const pixel = document.createElement('canvas').getContext('2d');
    pixel.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    if (getComputedStyle(document.body).backgroundColor !== 'rgba(0, 0, 0, 0)')
        pixel.fillStyle = getComputedStyle(document.body).backgroundColor;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b] = Array.from(pixel.getImageData(0, 0, 1, 1).data, v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;";

/// The contrast of the body's text on its ground, as WCAG 2.2 defines it.
const CONTRAST: &str = "
    const light = colour => {
        const pixel = document.createElement('canvas').getContext('2d');
        pixel.fillStyle = colour;
        pixel.fillRect(0, 0, 1, 1);
        const [r, g, b] = Array.from(pixel.getImageData(0, 0, 1, 1).data, v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const body = getComputedStyle(document.body);
    const ground = body.backgroundColor !== 'rgba(0, 0, 0, 0)'
        ? body.backgroundColor : getComputedStyle(document.documentElement).backgroundColor;
    const [a, b] = [light(body.color), light(ground)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);";
