//! One case's system: a fleet, a configuration file, a ledger with its broker, and the programs.
//!
//! Promises: nothing of it is shared with another case; the programs get their secrets from files, as an
//! operator would give them; whatever they print is kept, and shown when the test fails. Dropping it ends
//! everything. Leaves to others: what a case does with it, and what must hold of it ([`checker`](crate::checker)).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::engine::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::process::Program;
use tokio::sync::OnceCell;

pub use crate::programs::{Said, Worker};
use crate::servers::Servers;
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

/// One case's system.
pub struct World {
    way: Way,
    pub(crate) queue: Vec<&'static str>,
    pub(crate) engine: OnceCell<Engine>,
    printed: Mutex<Vec<(String, String)>>,
    /// The most memory of each worker, in bytes, by process number.
    memory: Mutex<BTreeMap<u32, u64>>,
    /// What `config.toml` says.
    settings: BTreeMap<&'static str, Value>,
    n_configurations: AtomicUsize,
    /// The fleet.
    pub simulator: Simulator,
    // Servers go after those who use them, the directory last: fields are dropped in this order.
    pub(crate) servers: Option<Servers>,
    directory: TempDir,
}

impl World {
    /// The system, with an empty ledger.
    pub async fn new(way: Way, setup: Setup) -> Self {
        let servers = match way {
            Way::Embedded => None,
            Way::Fleet => Some(Servers::shared().await),
        };
        Self::build(way, setup, servers).await
    }

    /// A fleet whose ledger and messages are on these servers, with an empty ledger.
    pub async fn new_on(setup: Setup, servers: Servers) -> Self {
        Self::build(Way::Fleet, setup, Some(servers)).await
    }

    async fn build(way: Way, setup: Setup, servers: Option<Servers>) -> Self {
        let directory = tempfile::Builder::new().prefix("e2e-").tempdir().unwrap();
        let simulator = Simulator::start(&setup.fleet, directory.path()).await;
        let mut world = Self {
            way,
            queue: setup.queue,
            engine: OnceCell::new(),
            printed: Mutex::default(),
            memory: Mutex::default(),
            settings: setup.settings,
            n_configurations: AtomicUsize::new(0),
            simulator,
            servers,
            directory,
        };
        world.complete_settings(setup.login);
        world.write("config.toml", &toml(&world.settings));
        if way == Way::Fleet {
            world.cli(&["migrate"]).await.ok();
        }
        world
    }

    /// With the fleet in the inventory and the true hashes in the catalogue.
    pub async fn discovered(way: Way, setup: Setup) -> Self {
        let world = Self::new(way, setup).await;
        world.discover().await;
        world
    }

    /// With one job per device.
    pub async fn queued(way: Way, setup: Setup) -> Self {
        let world = Self::discovered(way, setup).await;
        world.queue_all().await;
        world
    }

    /// How it runs.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Where its files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The database and the virtual host of a fleet.
    pub fn servers(&self) -> Option<&Servers> {
        self.servers.as_ref()
    }

    /// Writes a file for a command to read.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The boxes become another fleet, as time goes by.
    pub async fn become_another(&mut self, setup: &Setup) {
        self.simulator.become_another(&setup.fleet, self.directory.path()).await;
    }

    /// One of our programs with this world's configuration.
    pub fn program(&self, name: &str) -> Program {
        self.program_with(name, &self.directory.path().join("config.toml"))
    }

    /// One of our programs with another configuration.
    pub fn program_with(&self, name: &str, configuration: &Path) -> Program {
        let program = Program::ours(name).unwrap().env("HOME", self.directory.path());
        program.arg("--config").arg(configuration)
    }

    /// Writes a configuration that differs from this world's in some keys, for example for a worker that reaches
    /// its servers through a proxy. `null` takes a key out.
    pub fn configured(&self, changes: &[(&'static str, Value)]) -> PathBuf {
        let mut settings = self.settings.clone();
        for (key, value) in changes {
            if value.is_null() {
                settings.remove(key);
            } else {
                settings.insert(key, value.clone());
            }
        }
        let n = self.n_configurations.fetch_add(1, Ordering::Relaxed);
        self.write(&format!("config-{n}.toml"), &toml(&settings))
    }

    /// Runs a command of the CLI to its end.
    pub async fn cli(&self, arguments: &[&str]) -> Said {
        self.run(self.program("panos-upgrade"), arguments).await
    }

    /// [`World::cli`] as people read it.
    pub async fn page(&self, arguments: &[&str]) -> Said {
        self.end(self.program("panos-upgrade").args(["--output", "table"]), arguments).await
    }

    /// [`World::cli`] for a program that was changed before, for example in its environment.
    pub async fn run(&self, program: Program, arguments: &[&str]) -> Said {
        self.end(program.args(["--output", "json"]), arguments).await
    }

    async fn end(&self, program: Program, arguments: &[&str]) -> Said {
        let command = arguments.join(" ");
        let ended = program.args(arguments).run(LONG).await.unwrap();
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

    /// Everything that every program printed so far.
    pub fn printed(&self) -> String {
        let printed = self.printed.lock().unwrap();
        printed.iter().map(|(name, text)| format!("==> {name}\n{text}\n")).collect()
    }

    /// Keeps what a program printed, to be shown when the case fails, and searched for secrets.
    pub fn keep(&self, name: String, text: String) {
        if let Ok(mut printed) = self.printed.lock() {
            printed.push((name, text));
        }
    }

    /// The most memory that each worker has taken, in bytes, by process.
    pub fn memory(&self) -> Vec<(String, u64)> {
        let memory = self.memory.lock().unwrap();
        memory.iter().map(|(process, bytes)| (process.to_string(), *bytes)).collect()
    }

    /// Notes how much memory a running process has taken at most so far: `VmHWM` of `/proc/PID/status`, proc(5). For
    /// workers that somebody else started.
    pub fn note_memory(&self, process: u32) {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        if let (Some(kib), Ok(mut memory)) = (kib, self.memory.lock()) {
            let most = memory.entry(process).or_default();
            *most = (kib * 1024).max(*most);
        }
    }

    fn complete_settings(&mut self, login: Login) {
        let ready = self.simulator.ready().clone();
        let ca_file = ready.ca_file.to_str().unwrap();
        self.settings.extend([
            ("panorama.host", json!(ready.panorama.host)),
            ("panorama.port", json!(ready.panorama.port)),
            ("firewall.port", json!(ready.firewall_port)),
            ("tls.verify", json!("ca-file")),
            ("tls.ca_file", json!(ca_file)),
        ]);
        match login {
            Login::Password => {
                self.write("password", &ready.password);
                self.settings.extend([
                    ("panorama.username", json!(ready.username)),
                    ("panorama.password_file", json!("password")),
                    ("firewall.username", json!(ready.username)),
                    ("firewall.password_file", json!("password")),
                ]);
            }
            Login::ApiKey => {
                self.write("api-key", &ready.api_key);
                self.settings.extend([
                    ("panorama.api_key_file", json!("api-key")),
                    ("firewall.api_key_file", json!("api-key")),
                ]);
            }
        }
        let Some(servers) = &self.servers else {
            self.settings.insert("ledger.url", json!("sqlite:ledger.sqlite"));
            return;
        };
        self.write("broker-url", servers.host.url());
        self.settings.insert("ledger.url", json!(servers.database.url()));
        self.settings.insert("broker.url_file", json!("broker-url"));
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
