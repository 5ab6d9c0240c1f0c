//! A real browser without a window: Debian's Chromium, driven through its own `chromedriver` by `WebDriver`.
//!
//! | a test wants | it takes |
//! |---|---|
//! | a page | [`Browser::open`], [`Browser::reload`] |
//! | what the page says | [`Browser::text`], [`Browser::texts`], [`Browser::attribute`], [`Browser::count`], [`Browser::script`] |
//! | a page that changes by itself | [`Browser::until`] |
//! | what people do | [`Browser::click`], [`Browser::type_into`], [`Browser::press`] |
//! | another eye | [`Browser::look`], [`Browser::photograph`] |
//! | what the browser did not like | [`Browser::complaints`], [`Browser::complaint_free`] |
//!
//! Guarantees: a browser of its own with an empty profile, which ends with the test, however that ends; every wait has a
//! bound. The browser speaks to nobody but the pages that are opened: what it does in the background is off. What is read
//! is read by one script in one go, so that a page that is swapped at the same moment gives the old or the new, and no
//! error about an element that is gone. Leaves to others: what the pages should hold.

mod complaint;
mod driver;
mod error;
mod eye;

use std::time::Duration;

use fantoccini::Client;
use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use serde_json::{Value, json};

pub use complaint::{Complaint, Source};
pub use error::BrowserError;
pub use eye::Look;
pub use fantoccini::key::Key;

use crate::wait::{TimedOut, poll_until};
use driver::{Driver, Extension};

/// One command to the driver. Opening a page on a machine whose cores are all taken has been seen to take ten seconds.
const COMMAND_WITHIN: Duration = Duration::from_secs(60);

/// A browser with one page. Dropping it ends it.
pub struct Browser {
    // Before its driver, because fields are dropped in this order.
    client: Client,
    /// Holds the processes and the profile.
    _driver: Driver,
}

impl Browser {
    /// Starts one, looking as [`Look::DESK`].
    ///
    /// # Errors
    /// [`BrowserError::Missing`] where it is not installed; when it does not start.
    pub async fn start() -> Result<Self, BrowserError> {
        let (driver, client) = Driver::start().await?;
        let browser = Self { client, _driver: driver };
        browser.look(Look::DESK).await?;
        Ok(browser)
    }

    /// Opens a page, and returns when it and everything that it names is loaded.
    ///
    /// # Errors
    /// When it cannot be reached, or is not loaded in time.
    pub async fn open(&self, url: &str) -> Result<(), BrowserError> {
        self.bounded(&format!("open {url}"), self.client.goto(url)).await
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// When it cannot be reached, or is not loaded in time.
    pub async fn reload(&self) -> Result<(), BrowserError> {
        self.bounded("reload", self.client.refresh()).await
    }

    /// Where it is.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn url(&self) -> Result<String, BrowserError> {
        Ok(self.bounded("tell the address", self.client.current_url()).await?.into())
    }

    /// Runs the body of a function in the page, by the driver's own door: a page's policy does not forbid it. The
    /// arguments are `arguments[0]` and so on.
    ///
    /// # Errors
    /// What it throws.
    pub async fn script(&self, body: &str, arguments: Vec<Value>) -> Result<Value, BrowserError> {
        self.bounded(body, self.client.execute(body, arguments)).await
    }

    /// The text of the first element that a selector finds, as the page holds it: no style changes it.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn text(&self, css: &str) -> Result<Option<String>, BrowserError> {
        Ok(self.texts(css).await?.into_iter().next())
    }

    /// The text of every element that a selector finds.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>, BrowserError> {
        let body = "return Array.from(document.querySelectorAll(arguments[0]), e => e.textContent.trim())";
        let texts = self.script(body, vec![json!(css)]).await?;
        serde_json::from_value(texts).map_err(|error| BrowserError::refused(css, error))
    }

    /// An attribute of the first element that a selector finds.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn attribute(&self, css: &str, name: &str) -> Result<Option<String>, BrowserError> {
        let body = "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? null";
        Ok(self.script(body, vec![json!(css), json!(name)]).await?.as_str().map(str::to_owned))
    }

    /// How many elements a selector finds.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn count(&self, css: &str) -> Result<u64, BrowserError> {
        let found =
            self.script("return document.querySelectorAll(arguments[0]).length", vec![json!(css)]).await?;
        Ok(found.as_u64().unwrap_or_default())
    }

    /// Waits until a look at the page answers `Ok`; its `Err` is what it saw.
    ///
    /// # Errors
    /// When it has not after `within`: what was awaited, what was seen last, and what stands on the page.
    pub async fn until<T>(
        &self,
        what: &str,
        within: Duration,
        mut look: impl AsyncFnMut(&Self) -> Result<Result<T, String>, BrowserError>,
    ) -> Result<T, BrowserError> {
        let seen = poll_until(what, within, async || match look(self).await {
            Ok(seen) => seen,
            Err(error) => Err(error.to_string()),
        });
        match seen.await {
            Ok(found) => Ok(found),
            Err(timed_out) => Err(self.not_seen(timed_out).await),
        }
    }

    /// Clicks on the first element that a selector finds, as a mouse does: it has to be visible and not covered.
    ///
    /// # Errors
    /// When there is none, or it cannot be clicked on.
    pub async fn click(&self, css: &str) -> Result<(), BrowserError> {
        let what = format!("click on {css}");
        let element = self.bounded(&what, self.client.find(Locator::Css(css))).await?;
        self.bounded(&what, element.click()).await
    }

    /// Types a text into a field, key by key, in place of what it holds.
    ///
    /// # Errors
    /// When there is none, or it cannot be typed into.
    pub async fn type_into(&self, css: &str, text: &str) -> Result<(), BrowserError> {
        let what = format!("type into {css}");
        let field = self.bounded(&what, self.client.find(Locator::Css(css))).await?;
        self.bounded(&what, field.clear()).await?;
        self.bounded(&what, field.send_keys(text)).await
    }

    /// Presses and releases one key, wherever the focus is.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn press(&self, key: char) -> Result<(), BrowserError> {
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.bounded("press a key", self.client.perform_actions(keys)).await
    }

    /// A command of Chromium's own debugging protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Result<Value, BrowserError> {
        let body = json!({ "cmd": command, "params": parameters });
        self.extension(command, Extension { path: "goog/cdp/execute", body }).await
    }

    async fn extension(&self, what: &str, command: Extension) -> Result<Value, BrowserError> {
        self.bounded(what, self.client.issue_cmd(command)).await
    }

    async fn bounded<T, E: std::fmt::Display>(
        &self,
        what: &str,
        command: impl Future<Output = Result<T, E>>,
    ) -> Result<T, BrowserError> {
        match tokio::time::timeout(COMMAND_WITHIN, command).await {
            Ok(answer) => answer.map_err(|error| BrowserError::refused(what, error)),
            Err(_) => Err(BrowserError::refused(what, format!("no answer within {COMMAND_WITHIN:?}"))),
        }
    }

    async fn not_seen(&self, timed_out: TimedOut) -> BrowserError {
        let page = self.script("return document.body.innerText", Vec::new()).await.unwrap_or_default();
        let complaints = self.complaints().await.unwrap_or_default();
        BrowserError::NotSeen {
            timed_out,
            page: error::shortened(page.as_str().unwrap_or("(nothing)")),
            complaints,
        }
    }
}
