//! The programs behind a browser: `chromedriver` and the Chromium that it starts.
//!
//! Guarantees: both listen on loopback only, and end with this process, because the guard finds Chromium by its parents;
//! the profile is empty, and goes with them. Leaves to others: what is done with the session.

use std::path::Path;
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
// Behind the feature `client-legacy` of hyper-util, which fantoccini asks for.
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::error::BrowserError;
use crate::process::{Process, Program, Stream};

/// Where Debian's packages put them.
const DRIVER: &str = "/usr/bin/chromedriver";
const CHROMIUM: &str = "/usr/bin/chromium";

/// Chromium unpacks a profile and starts five processes: two seconds on a free machine.
const START_WITHIN: Duration = Duration::from_secs(90);

/// Chromium's switches, from its list of command-line switches. No sandbox, because tests may run as root, where it refuses
/// to start; the pages are our own. The rest keeps it from doing anything that nobody asked for.
const SWITCHES: [&str; 17] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-domain-reliability",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--no-proxy-server",
];

/// Running programs with their profile.
pub(super) struct Driver {
    // Before its profile, because fields are dropped in this order.
    _process: Process,
    _profile: TempDir,
}

impl Driver {
    /// Starts both, and a session.
    pub(super) async fn start() -> Result<(Self, Client), BrowserError> {
        for path in [DRIVER, CHROMIUM] {
            if !Path::new(path).is_file() {
                return Err(BrowserError::Missing { path });
            }
        }
        let profile = tempfile::Builder::new().prefix("testkit-browser-").tempdir();
        let profile = profile.map_err(|error| BrowserError::refused("make a profile", error))?;
        let program = Program::at(DRIVER).arg("--port=0").env("HOME", profile.path());
        let program = ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"]
            .into_iter()
            .fold(program, |program, name| program.env(name, profile.path()));
        let mut process = program.start()?;
        // Its own words: "ChromeDriver was started successfully on port 40000."
        let line = process.line(Stream::Stdout, "successfully on port ", START_WITHIN).await?;
        let port: String = line.chars().filter(char::is_ascii_digit).collect();
        let url = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(profile.path()));
        let client = match tokio::time::timeout(START_WITHIN, builder.connect(&url)).await {
            Ok(client) => client.map_err(|error| BrowserError::refused("start Chromium", error))?,
            Err(_) => {
                let reason = format!("it has not started within {START_WITHIN:?}");
                return Err(BrowserError::refused("start Chromium", reason));
            }
        };
        Ok((Self { _process: process, _profile: profile }, client))
    }
}

/// What a session is asked for. `goog:` are chromedriver's own, from its documentation.
fn capabilities(profile: &Path) -> Map<String, Value> {
    let own = [format!("--user-data-dir={}", profile.join("profile").display())];
    let switches: Vec<&str> = SWITCHES.into_iter().chain(own.iter().map(String::as_str)).collect();
    Map::from_iter([
        ("browserName".to_owned(), json!("chrome")),
        ("timeouts".to_owned(), json!({ "pageLoad": 45_000, "script": 45_000, "implicit": 0 })),
        ("goog:chromeOptions".to_owned(), json!({ "binary": CHROMIUM, "args": switches })),
        ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" })),
    ])
}

/// A command that chromedriver has and the standard does not.
#[derive(Debug)]
pub(super) struct Extension {
    /// Below the session.
    pub(super) path: &'static str,
    /// JSON.
    pub(super) body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
