//! What a device calls itself, and what it says, is text: nothing of it is executed, loaded or turned around.

use common::domain::failure::FailureKind;
use common::ledger::End;
use e2e::crowd;
use e2e::world::{SOON, Setup, Way, World};
use testkit::browser::Browser;

use crate::site::Site;

/// Names that break out of text, of an attribute, of a script, of a line and of the direction of reading.
const HOSTILE: [&str; 6] = [
    "<img src=x onerror=window.hit=1>",
    "\"><script>window.hit=1</script>",
    "' onmouseover=window.hit=1 x='",
    "</title><svg onload=window.hit=1>",
    "javascript:window.hit=1",
    "a\u{202e}gnp.exe\u{7}\u{1b}[31m\r\nb",
];

#[tokio::test]
async fn hostile_names_and_messages_are_shown_as_text_on_every_page() {
    let world = World::new(Way::Fleet, Setup::devices(2)).await;
    let ledger = &*world.engine().await.ledger;
    let mut devices: Vec<_> = (1..).zip(HOSTILE).map(|(n, _)| crowd::device(n)).collect();
    for (device, name) in devices.iter_mut().zip(HOSTILE) {
        name.clone_into(&mut device.hostname);
        name.clone_into(&mut device.model);
        name.clone_into(&mut device.sw_version);
    }
    crowd::record(ledger, &devices).await.unwrap();
    let serials = devices.iter().map(|device| device.serial.clone());
    let jobs = crowd::enqueue(ledger, serials).await.unwrap();
    let site = Site::open(&world).await;
    site.until_number("[data-count=available]", HOSTILE.len() as u64).await;
    // After the page is open, so that events carry them too.
    for (n, (job, name)) in jobs.iter().zip(HOSTILE).enumerate() {
        let claimed = crowd::claim(ledger, *job, name).await.unwrap();
        ledger.record(&claimed.lease, &crowd::step(&claimed, 40, name)).await.unwrap();
        if n % 2 == 1 {
            let failed = End::Failed { kind: FailureKind::DiskFull, message: name.repeat(200) };
            ledger.end(&claimed.lease, &failed, &crowd::step(&claimed, 40, name)).await.unwrap();
        }
    }

    site.until_number("[data-count=failed]", 3).await;
    shown_as_text(&site, "/", HOSTILE[0]).await;
    site.go("/devices", "devices").await;
    shown_as_text(&site, "/devices", HOSTILE[0]).await;
    for (device, name) in devices.iter().zip(HOSTILE) {
        let path = format!("/devices/{}", device.serial);
        site.go(&path, "device").await;
        shown_as_text(&site, &path, if name.contains('\r') { "gnp.exe" } else { name }).await;
    }
    site.go("/workers", "workers").await;
    shown_as_text(&site, "/workers", "").await;
    site.go("/devices?search=%22%3E%3Cscript%3Ewindow.hit%3D1%3C%2Fscript%3E", "devices").await;
    shown_as_text(&site, "/devices?search=", HOSTILE[1]).await;
    site.end().await;
}

/// The page holds `text` as text, nothing of it became an element or ran, and no character that steers is in it.
async fn shown_as_text(site: &Site<'_>, path: &str, text: &str) {
    let holds = async |browser: &Browser| {
        let page = browser.text("body").await?.unwrap_or_default();
        Ok(if page.contains(text) { Ok(page) } else { Err(page) })
    };
    let page = site.browser.until(&format!("{path} shows {text}"), SOON, holds).await.unwrap();
    assert_eq!(site.script("return window.hit ?? null").await, serde_json::Value::Null, "{path}: it ran");
    let alien =
        "img[src=x], svg[onload], [onerror], [onmouseover], a[href^='javascript:'], script:not([src])";
    assert_eq!(site.browser.count(alien).await.unwrap(), 0, "{path}: it became an element");
    let steering =
        |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{7}' | '\u{1b}');
    assert_eq!(page.chars().find(steering), None, "{path}: a character that steers is shown as it is");
}
