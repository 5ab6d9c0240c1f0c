//! A dashboard with a token, and a program that asks it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use common::ledger::JobView;
use e2e::world::{SOON, Setup, Way, Worker, World};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use testkit::ports::free_port;
use testkit::wait::wait_until;
use tokio::net::TcpStream;

/// What opens it.
pub const TOKEN: &str = "a-token-of-some-length-for-tests-only";

/// A running dashboard.
pub struct Door<'a> {
    world: &'a World,
    address: SocketAddr,
    configuration: PathBuf,
    server: Option<Worker<'a>>,
    client: Client,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub status: u16,
    pub is_replayed: bool,
    pub body: Value,
}

impl Told {
    /// The word of an error.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// A fleet whose devices are known, without jobs.
pub async fn fleet(way: Way, n: u64) -> World {
    World::discovered(way, Setup::devices(n)).await
}

impl<'a> Door<'a> {
    /// Listens when this returns.
    pub async fn open(world: &'a World) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let configuration = world.configured(&[
            ("dashboard.listen", json!(address.to_string())),
            ("dashboard.token", json!(TOKEN)),
        ]);
        let mut door = Self { world, address, configuration, server: None, client: Client::new() };
        door.start().await;
        door
    }

    /// Starts the server, again where it was killed.
    pub async fn start(&mut self) {
        let program = self.world.program_with("panos-upgrade-dashboard", &self.configuration);
        let server = self.server.insert(self.world.start(&program));
        wait_until("the dashboard listens", SOON, async || match TcpStream::connect(self.address).await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}; it logged: {}", server.logged())),
        })
        .await;
    }

    /// SIGKILL.
    pub fn kill9(&mut self) {
        self.server.take().unwrap().kill9();
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The version that the devices are to be brought to.
    pub fn target(&self) -> String {
        self.world.simulator.ready().target.clone()
    }

    /// A request with the token; `None` where no answer came.
    pub async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: &Value) -> Option<Told> {
        let mut request =
            self.client.request(method.clone(), format!("{}{path}", self.url())).bearer_auth(TOKEN);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        let (status, is_replayed) =
            (answer.status().as_u16(), answer.headers().contains_key("idempotency-replayed"));
        let text = answer.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"));
        as_described(&method, path, status, &body);
        Some(Told { status, is_replayed, body })
    }

    /// `POST`, answered.
    pub async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Told {
        self.ask(Method::POST, path, key, body).await.unwrap()
    }

    /// A wish for the whole fleet.
    pub fn wish(&self) -> Value {
        json!({"devices": "all", "target": self.target(), "reason": "CHG-1", "requested_by": "web-app/alice"})
    }

    /// Every job.
    pub async fn jobs(&self) -> Vec<JobView> {
        self.world.jobs().await
    }
}

/// Fails where the answer is not what `docs/openapi.json` says of this method, path and status.
fn as_described(method: &Method, path: &str, status: u16, body: &Value) {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap());
    let asked: Vec<_> = path.split('?').next().unwrap_or(path).split('/').collect();
    let is_asked = |template: &&String| {
        let parts: Vec<_> = template.split('/').collect();
        parts.len() == asked.len()
            && parts.iter().zip(&asked).all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    let template = DOCUMENT["paths"].as_object().unwrap().keys().find(is_asked);
    let template = template.unwrap_or_else(|| panic!("{path} is not described"));
    let method = method.as_str().to_lowercase();
    let answer = &DOCUMENT["paths"][template][&method]["responses"][status.to_string()];
    let mut schema = answer["content"]["application/json"]["schema"].clone();
    assert!(!schema.is_null(), "{method} {path}: {status} is not described: {body}");
    schema["components"] = DOCUMENT["components"].clone();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let problems: Vec<_> = validator.iter_errors(body).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{method} {path}: {status}: {problems:?} in {body}");
}
