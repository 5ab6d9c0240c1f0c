//! One test's system: a fleet, a configuration file, a ledger with its broker, and the programs.
//!
//! Promises: nothing of it is shared with another test; the programs get their secrets from files, as an
//! operator would give them; whatever they print is kept, and shown when the test fails. Dropping it ends
//! everything. Leaves to others: what a case does with it, and [`invariants`](crate::invariants).

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use common::config;
use common::domain::job::JobState;
use common::engine::Engine;
use common::ledger::{JobFilter, JobView};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::Database;
use testkit::process::{Process, Program, Stream};
use testkit::rabbitmq::VirtualHost;
use testkit::wait::wait_until;
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

use crate::setup::toml;
pub use crate::setup::{Login, Setup, Way};
use crate::simulator::Simulator;

/// For what takes a moment on a free machine; the bound is for a busy one.
pub const SOON: Duration = Duration::from_secs(90);

/// For the work of a whole fleet.
pub const LONG: Duration = Duration::from_secs(400);

/// What a worker gets to leave in order.
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// Lines of each program that a failing test shows.
const LINES_SHOWN: usize = 60;

/// What a command printed and how it ended.
pub struct Said {
    pub command: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// For the message of an assertion: unescaped.
impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "`{command}` ended with exit code {code}\nstdout:\n{stdout}\nstderr:\n{stderr}")
    }
}

impl Said {
    /// It ended with one of these exit codes.
    #[track_caller]
    pub fn with_code(self, codes: &[i32]) -> Self {
        assert!(codes.contains(&self.code), "not one of {codes:?}: {self:?}");
        self
    }

    /// All is as asked.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.with_code(&[0])
    }

    /// Its data.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Both outputs, for a look whether something is told at all.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// A worker process. What it printed stays with the world when it is dropped.
pub struct Worker<'a> {
    world: &'a World,
    process: Process,
}

impl Worker<'_> {
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Its process number, which is part of its name in the ledger.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL.
    pub fn kill9(mut self) {
        self.process.kill9().unwrap();
    }

    /// Waits until it has caught signals and begun to work; told to stop before that, it just ends.
    pub async fn begun(&self) {
        let logged = || self.process.text(Stream::Stderr);
        wait_until("a worker has begun", SOON, async || {
            if logged().contains("begins, ledger") { Ok(()) } else { Err(logged()) }
        })
        .await;
    }

    /// Waits until it has ended, and answers its exit code.
    pub async fn ended(&mut self, within: Duration) -> i32 {
        let status = self.process.wait(within).await.unwrap();
        status.code().unwrap_or_else(|| panic!("a worker ended by {status}"))
    }

    /// SIGTERM, and its exit code: it leaves within its grace.
    pub async fn terminated(mut self) -> i32 {
        self.process.terminate().unwrap();
        self.ended(GRACE).await
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let text = format!("{}\n{}", self.process.text(Stream::Stdout), self.process.text(Stream::Stderr));
        self.world.keep(format!("worker {}", self.process.id()), text);
    }
}

/// One test's system.
pub struct World {
    way: Way,
    engine: OnceCell<Engine>,
    printed: Mutex<Vec<(String, String)>>,
    pub simulator: Simulator,
    // Servers go after those who use them, the directory last: fields are dropped in this order.
    servers: Option<(Database, VirtualHost)>,
    directory: TempDir,
}

impl World {
    /// The system, with an empty ledger.
    pub async fn new(way: Way, setup: Setup) -> Self {
        let directory = tempfile::Builder::new().prefix("e2e-").tempdir().unwrap();
        let simulator = Simulator::start(&setup.fleet, directory.path()).await;
        let servers = match way {
            Way::Embedded => None,
            Way::Fleet => Some((Database::create().await.unwrap(), VirtualHost::create().await.unwrap())),
        };
        let printed = Mutex::default();
        let world = Self { way, engine: OnceCell::new(), printed, simulator, servers, directory };
        world.write_configuration(setup);
        if way == Way::Fleet {
            world.cli(&["migrate"]).await.ok();
        }
        world
    }

    /// With the fleet in the inventory and the true hashes in the catalogue.
    pub async fn discovered(way: Way, setup: Setup) -> Self {
        let world = Self::new(way, setup).await;
        world.cli(&["device", "discover"]).await.ok();
        world.trust_true_hashes().await;
        world
    }

    /// With one job per device.
    pub async fn queued(way: Way, setup: Setup) -> Self {
        let world = Self::discovered(way, setup).await;
        world.queue_all().await;
        world
    }

    pub fn way(&self) -> Way {
        self.way
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file for a command to read.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub async fn trust_true_hashes(&self) {
        let file = self.write("hashes.csv", &self.simulator.catalogue().await);
        self.cli(&["hash", "import", file.to_str().unwrap()]).await.ok();
    }

    /// Queues a job for every device, and answers what the command printed.
    pub async fn queue_all(&self) -> Value {
        let target = self.simulator.ready().target.clone();
        let queue = ["download", "queue-all", "--target", &target, "--reason", "CHG-4711"];
        self.cli(&queue).await.ok().json()
    }

    /// One of our programs with this test's configuration.
    pub fn program(&self, name: &str) -> Program {
        let program = Program::ours(name).unwrap().env("HOME", self.directory.path());
        program.arg("--config").arg(self.directory.path().join("config.toml"))
    }

    /// Runs a command of the CLI to its end.
    pub async fn cli(&self, arguments: &[&str]) -> Said {
        self.run(self.program("panos-upgrade"), arguments).await
    }

    /// [`World::cli`] for a program that was changed before, for example in its environment.
    pub async fn run(&self, program: Program, arguments: &[&str]) -> Said {
        let command = arguments.join(" ");
        let ended = program.args(["--output", "json"]).args(arguments).run(LONG).await.unwrap();
        let code = ended.status.code().unwrap_or_else(|| panic!("`{command}` ended by {}", ended.status));
        self.keep(format!("`{command}` (exit code {code})"), format!("{}\n{}", ended.stdout, ended.stderr));
        Said { command, code, stdout: ended.stdout, stderr: ended.stderr }
    }

    /// Starts a worker that works until it is told to stop: what an operator or a pod starts.
    pub fn start_worker(&self) -> Worker<'_> {
        match self.way {
            Way::Embedded => self.start(&self.program("panos-upgrade").arg("work")),
            Way::Fleet => self.start(&self.program("panos-upgrade-worker")),
        }
    }

    /// Starts `panos-upgrade work --until-idle`.
    pub fn start_until_idle(&self) -> Worker<'_> {
        self.start(&self.program("panos-upgrade").args(["work", "--until-idle"]))
    }

    /// Starts a program that works.
    pub fn start(&self, program: &Program) -> Worker<'_> {
        Worker { world: self, process: program.start().unwrap() }
    }

    /// Works until every job has ended: one process embedded, two in a fleet.
    pub async fn work(&self) {
        match self.way {
            Way::Embedded => {
                let code = self.start_until_idle().ended(LONG).await;
                assert!(matches!(code, 0 | 1), "`work --until-idle` ended with {code}");
            }
            Way::Fleet => {
                let (first, second) = (self.start_worker(), self.start_worker());
                self.until_all_ended().await;
                first.begun().await;
                second.begun().await;
                assert_eq!((first.terminated().await, second.terminated().await), (0, 0));
            }
        }
    }

    /// The ledger and the broker that the programs use, opened by the test.
    pub async fn engine(&self) -> &Engine {
        let open = async || {
            let file = self.directory.path().join("config.toml");
            let config = config::load(Some(&file), []).unwrap();
            Engine::open(&config).await.unwrap()
        };
        self.engine.get_or_init(open).await
    }

    /// Every job, newest first.
    pub async fn jobs(&self) -> Vec<JobView> {
        self.engine().await.ledger.jobs(&JobFilter::default(), 100_000).await.unwrap()
    }

    /// The newest job of a device.
    pub async fn job_of(&self, serial: &str) -> JobView {
        let jobs = self.jobs().await;
        jobs.into_iter().find(|job| job.serial.as_str() == serial).unwrap_or_else(|| {
            panic!("device {serial} has no job");
        })
    }

    /// Waits until the jobs are as wished, and returns them.
    pub async fn until_jobs(
        &self,
        what: &str,
        within: Duration,
        wish: impl Fn(&[JobView]) -> bool,
    ) -> Vec<JobView> {
        wait_until(what, within, async || {
            let jobs = self.jobs().await;
            if wish(&jobs) { Ok(jobs) } else { Err(in_words(&jobs)) }
        })
        .await
    }

    /// Waits until no job waits or runs.
    pub async fn until_all_ended(&self) {
        let ledger = &self.engine().await.ledger;
        wait_until("every job has ended", LONG, async || {
            let counts = ledger.counts(None).await.unwrap();
            let mut active = JobState::ALL.into_iter().filter(|state| !state.is_terminal());
            if active.all(|state| counts.by_state.get(&state).is_none_or(|n| *n == 0)) {
                Ok(())
            } else {
                Err(format!("{:?}", counts.by_state))
            }
        })
        .await;
    }

    /// The password of the broker's user, which every program of a fleet holds.
    pub fn broker_password(&self) -> Option<String> {
        let (_, host) = self.servers.as_ref()?;
        let (login, _) = host.url().split_once("://")?.1.split_once('@')?;
        // `guest` and its like are words of every log; only a password that is one can be looked for.
        login.split_once(':').map(|(_, password)| password.to_owned()).filter(|password| password.len() > 8)
    }

    /// Every row of every table of a PostgreSQL ledger, as text.
    pub async fn rows(&self) -> String {
        let (database, _) = self.servers.as_ref().expect("embedded has files, not rows");
        let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        let mut text = String::new();
        for table in client.query(tables, &[]).await.unwrap() {
            let table: String = table.get(0);
            // Bytes are shown as hex: those of the audit bodies are what they say.
            let rows = client.query(&format!("SELECT to_jsonb(t)::text FROM {table} t"), &[]).await.unwrap();
            for row in rows {
                text += &format!("{table}: {}\n", row.get::<_, String>(0));
            }
            if table == "audit" {
                let bodies = "SELECT convert_from(body, 'UTF8') FROM audit";
                for row in client.query(bodies, &[]).await.unwrap() {
                    text += &format!("audit: {}\n", row.get::<_, String>(0));
                }
            }
        }
        drop(client);
        connection.await.unwrap().unwrap();
        text
    }

    /// Everything that every program printed so far.
    pub fn printed(&self) -> String {
        let printed = self.printed.lock().unwrap();
        printed.iter().map(|(name, text)| format!("==> {name}\n{text}\n")).collect()
    }

    fn keep(&self, name: String, text: String) {
        if let Ok(mut printed) = self.printed.lock() {
            printed.push((name, text));
        }
    }

    fn write_configuration(&self, mut setup: Setup) {
        let ready = self.simulator.ready();
        let (panorama, ca_file) = (&ready.panorama, ready.ca_file.to_str().unwrap());
        setup.settings.extend([
            ("panorama.host", json!(panorama.host)),
            ("panorama.port", json!(panorama.port)),
            ("firewall.port", json!(ready.firewall_port)),
            ("tls.verify", json!("ca-file")),
            ("tls.ca_file", json!(ca_file)),
        ]);
        match setup.login {
            Login::Password => {
                self.write("password", &ready.password);
                setup.settings.extend([
                    ("panorama.username", json!(ready.username)),
                    ("panorama.password_file", json!("password")),
                    ("firewall.username", json!(ready.username)),
                    ("firewall.password_file", json!("password")),
                ]);
            }
            Login::ApiKey => {
                self.write("api-key", &ready.api_key);
                setup.settings.extend([
                    ("panorama.api_key_file", json!("api-key")),
                    ("firewall.api_key_file", json!("api-key")),
                ]);
            }
        }
        match &self.servers {
            None => {
                setup.settings.insert("ledger.url", json!("sqlite:ledger.sqlite"));
            }
            Some((database, host)) => {
                self.write("broker-url", host.url());
                setup.settings.insert("ledger.url", json!(database.url()));
                setup.settings.insert("broker.url_file", json!("broker-url"));
            }
        }
        self.write("config.toml", &toml(&setup.settings));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        self.keep("panos-simulator".to_owned(), self.simulator.log());
        for (name, text) in self.printed.get_mut().map(std::mem::take).unwrap_or_default() {
            let lines: Vec<&str> = text.lines().collect();
            let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
            eprintln!("==> {name}: the last of {} lines\n{}", lines.len(), shown.join("\n"));
        }
    }
}

/// Jobs by state, for the message of a wait that took too long.
fn in_words(jobs: &[JobView]) -> String {
    let mut by_state: BTreeMap<JobState, usize> = BTreeMap::new();
    for job in jobs {
        *by_state.entry(job.state).or_default() += 1;
    }
    format!("{by_state:?}")
}
