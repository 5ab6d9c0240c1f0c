//! How a page is looked at: on which screen, by day or by night, and what it looks like.
//!
//! Made with `Emulation` and `Page` of Chromium's debugging protocol, because a headless window has a smallest width that
//! is wider than a phone.

use serde_json::json;

use super::{Browser, BrowserError};

/// A screen, and whether its owner likes it dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// A telephone: touched, and the page says how wide it wants to be.
    pub is_phone: bool,
    /// `prefers-color-scheme: dark`.
    pub is_dark: bool,
}

impl Look {
    /// A desk by day.
    pub const DESK: Self = Self { width: 1280, height: 900, is_phone: false, is_dark: false };

    /// A phone by day.
    pub const PHONE: Self = Self { width: 390, height: 844, is_phone: true, is_dark: false };

    /// The same by night.
    #[must_use]
    pub fn dark(self) -> Self {
        Self { is_dark: true, ..self }
    }
}

impl Browser {
    /// Looks at this page and all later ones like this.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn look(&self, look: Look) -> Result<(), BrowserError> {
        let screen = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.is_phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await?;
        let scheme = if look.is_dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await.map(drop)
    }

    /// What can be seen, as PNG.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn photograph(&self) -> Result<Vec<u8>, BrowserError> {
        self.bounded("photograph the page", self.client.screenshot()).await
    }

    /// By how many CSS pixels the page is wider than the screen, and what sticks out most.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn sticks_out(&self) -> Result<(u64, String), BrowserError> {
        let body = "
            const width = document.documentElement.clientWidth;
            const scrolled = e => e && e !== document.body && e !== document.documentElement
                && (['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX) || scrolled(e.parentElement));
            const wide = Array.from(document.body.querySelectorAll('*'))
                .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolled(e.parentElement))
                .sort((a, b) => b.getBoundingClientRect().right - a.getBoundingClientRect().right);
            const name = wide.length ? wide[0].outerHTML.slice(0, 200) : '';
            return [Math.max(0, document.documentElement.scrollWidth - width), name];";
        let found = self.script(body, Vec::new()).await?;
        Ok((found[0].as_u64().unwrap_or_default(), found[1].as_str().unwrap_or_default().to_owned()))
    }
}
