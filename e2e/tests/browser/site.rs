//! A dashboard over a world, and somebody who looks at it.

use std::net::SocketAddr;
use std::path::PathBuf;

use e2e::world::{SOON, Way, Worker, World};
use serde_json::{Value, json};
use testkit::browser::{Browser, Complaint, Source};
use testkit::ports::free_port;
use testkit::process::Program;
use testkit::wait::wait_until;
use tokio::net::TcpStream;

/// Exit code of a command that somebody stopped before its end.
const INTERRUPTED: i32 = 130;

/// A running dashboard with a browser.
pub struct Site<'a> {
    world: &'a World,
    address: SocketAddr,
    configuration: PathBuf,
    server: Option<Worker<'a>>,
    /// The exit code of the server when it is told to stop.
    ends_with: i32,
    /// Who looks.
    pub browser: Browser,
}

impl<'a> Site<'a> {
    /// `panos-upgrade-dashboard` and a browser, with more settings. No page is open.
    pub async fn with(world: &'a World, changes: &[(&'static str, Value)]) -> Self {
        let mut site = Self::stopped(world, changes).await;
        site.start().await;
        site
    }

    /// `panos-upgrade-dashboard` with the fleet's page open, and alive.
    pub async fn open(world: &'a World) -> Self {
        let site = Self::with(world, &[]).await;
        site.go("/", "fleet").await;
        site.until_connection("live").await;
        site
    }

    /// The dashboard inside a worker: `panos-upgrade work --dashboard`, with the fleet's page open, and alive.
    pub async fn in_a_worker(world: &'a World) -> Self {
        assert_eq!(world.way(), Way::Embedded);
        let mut site = Self::stopped(world, &[]).await;
        let program = site.program("panos-upgrade").args(["work", "--dashboard"]);
        site.ends_with = INTERRUPTED;
        site.started(&program).await;
        site.go("/", "fleet").await;
        site.until_connection("live").await;
        site
    }

    async fn stopped(world: &'a World, changes: &[(&'static str, Value)]) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let listen = [("dashboard.listen", json!(address.to_string()))];
        let configuration = world.configured(&[&listen, changes].concat());
        let browser = Browser::start().await.unwrap();
        Self { world, address, configuration, server: None, ends_with: 0, browser }
    }

    /// Starts the server, again at the same address where it was killed before.
    pub async fn start(&mut self) {
        let program = self.program("panos-upgrade-dashboard");
        self.started(&program).await;
    }

    fn program(&self, name: &str) -> Program {
        self.world.program_with(name, &self.configuration)
    }

    async fn started(&mut self, program: &Program) {
        let server = self.server.insert(self.world.start(program));
        wait_until("the dashboard listens", SOON, async || match TcpStream::connect(self.address).await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}; it logged: {}", server.logged())),
        })
        .await;
    }

    /// SIGKILL to the server.
    pub fn kill9(&mut self) {
        self.server.take().unwrap().kill9();
    }

    /// An address of the site.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Opens a page, which has to be this one.
    pub async fn go(&self, path: &str, page: &str) {
        self.browser.open(&self.url(path)).await.unwrap();
        self.until_page(page).await;
    }

    /// Waits until this page is open.
    pub async fn until_page(&self, page: &str) {
        self.until_attribute("body", "data-page", page).await;
    }

    /// Waits until the page says of its connection that it is `live` or `lost`.
    pub async fn until_connection(&self, state: &str) {
        self.until_attribute("#connection", "data-state", state).await;
    }

    /// Waits until the first element that a selector finds has this attribute.
    pub async fn until_attribute(&self, css: &str, name: &str, wanted: &str) {
        let look = async |browser: &Browser| {
            let found = browser.attribute(css, name).await?;
            Ok(if found.as_deref() == Some(wanted) { Ok(()) } else { Err(format!("{found:?}")) })
        };
        self.browser.until(&format!("{name} of {css} is {wanted}"), SOON, look).await.unwrap();
    }

    /// Waits until an element's text is this number, however its digits are grouped.
    pub async fn until_number(&self, css: &str, wanted: u64) {
        let look = async |browser: &Browser| {
            let found = browser.text(css).await?;
            let number = found.as_deref().and_then(number);
            Ok(if number == Some(wanted) { Ok(()) } else { Err(format!("{found:?}")) })
        };
        self.browser.until(&format!("{css} says {wanted}"), SOON, look).await.unwrap();
    }

    /// Waits until a selector finds so many elements.
    pub async fn until_count(&self, css: &str, wanted: u64) {
        let look = async |browser: &Browser| {
            let found = browser.count(css).await?;
            Ok(if found == wanted { Ok(()) } else { Err(found.to_string()) })
        };
        self.browser.until(&format!("there are {wanted} of {css}"), SOON, look).await.unwrap();
    }

    /// The serials in the table of devices, in its order.
    pub async fn listed(&self) -> Vec<String> {
        let body =
            "return Array.from(document.querySelectorAll('table#devices tbody tr'), e => e.dataset.serial)";
        serde_json::from_value(self.script(body).await).unwrap()
    }

    /// What a script answers in the page.
    pub async fn script(&self, body: &str) -> Value {
        self.browser.script(body, Vec::new()).await.unwrap()
    }

    /// The browser had nothing to complain about, and the server leaves when it is told to, with the page still open.
    pub async fn end(self) {
        self.end_expecting(|_| false).await;
    }

    /// [`Site::end`] of a case that made requests fail.
    pub async fn end_after_failed_requests(self) {
        self.end_expecting(|complaint| complaint.source == Source::Network).await;
    }

    async fn end_expecting(self, is_expected: impl Fn(&Complaint) -> bool) {
        self.browser.complaint_free(is_expected).await.unwrap();
        if let Some(server) = self.server {
            assert_eq!(server.terminated().await, self.ends_with);
        }
    }
}

/// The number that a text is, without the blanks between its groups of digits.
pub fn number(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits.parse().ok()
}
