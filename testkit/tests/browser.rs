//! The browser itself: it sees what a page does later, types, presses keys, tells of what it does not like, and is gone
//! with the test.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::time::Duration;

use testkit::browser::{Browser, BrowserError, Key, Look, Source};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(30);

const PAGE: &str = "<!doctype html><title>t</title><link rel=icon href=data:,><body>
    <p id=late>not yet</p><input id=field value=old><p id=wide>.</p>
    <script src=/script></script><script>document.title = 'inline'</script>";

const SCRIPT: &str = "
    setTimeout(() => document.getElementById('late').textContent = 'now', 300);
    addEventListener('keydown', e => { if (e.key === 'q') undefined_function(); });";

/// Answers with the page and its script, which alone the policy allows.
async fn page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let n = stream.read(&mut request).await.unwrap_or(0);
                let is_script = request[..n].starts_with(b"GET /script ");
                let (kind, body) = if is_script { ("text/javascript", SCRIPT) } else { ("text/html", PAGE) };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\
                     content-security-policy: default-src 'none'; script-src 'self'; img-src data:\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn a_browser_sees_types_presses_and_complains_as_a_person_would() {
    let browser = Browser::start().await.unwrap();
    browser.open(&page().await).await.unwrap();
    let late = async |browser: &Browser| {
        let text = browser.text("#late").await?.unwrap_or_default();
        Ok(if text == "now" { Ok(()) } else { Err(text) })
    };
    browser.until("the script has run", SOON, late).await.unwrap();
    assert_eq!(browser.script("return document.title", Vec::new()).await.unwrap(), "t", "inline script ran");
    let complaints = browser.complaints().await.unwrap();
    assert_eq!(
        complaints.iter().map(|one| one.source).collect::<Vec<_>>(),
        [Source::Security],
        "{complaints:?}"
    );
    browser.complaint_free(|_| false).await.unwrap();

    browser.type_into("#field", "new").await.unwrap();
    let value = "return document.getElementById('field').value";
    assert_eq!(browser.script(value, Vec::new()).await.unwrap(), "new");
    browser.press(Key::Tab.into()).await.unwrap();
    browser.press('q').await.unwrap();
    let complained = async |browser: &Browser| {
        let complaints = browser.complaints().await?;
        Ok(complaints.into_iter().find(|one| one.source == Source::Javascript).ok_or("no error".to_owned()))
    };
    let thrown = browser.until("the error of the script is told", SOON, complained).await.unwrap();
    assert!(thrown.message.contains("undefined_function"), "{thrown:?}");

    browser.look(Look::PHONE.dark()).await.unwrap();
    let seen = "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]";
    let seen = browser.script(seen, Vec::new()).await.unwrap();
    assert_eq!(seen[1], true);
    browser.script("document.getElementById('wide').innerHTML = 'w'.repeat(900)", Vec::new()).await.unwrap();
    let (by, what) = browser.sticks_out().await.unwrap();
    assert!(by > 100, "{by} px: {what}");
    assert!(browser.photograph().await.unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn what_is_not_on_the_page_is_awaited_in_vain_and_said_with_what_is() {
    let browser = Browser::start().await.unwrap();
    browser.open(&page().await).await.unwrap();
    let never = async |browser: &Browser| Ok(Err::<(), _>(browser.count("#never").await?.to_string()));
    let error = browser.until("a wonder", Duration::from_secs(2), never).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, BrowserError::NotSeen { .. }), "{text}");
    assert!(
        text.contains("a wonder: not so within 2s; last seen: 0") && text.contains("the page says:\nno"),
        "{text}"
    );
}
