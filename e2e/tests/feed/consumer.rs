//! An example as a process, and what it printed.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use e2e::world::{LONG, SOON, World};
use serde_json::Value;
use testkit::process::{Process, Program, Stream};
use testkit::proxy::Proxy;
use testkit::wait::wait_until;

/// Which one.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// `producer/examples/consumer.rs`
    Rust,
    /// `docs/examples/consumer.py`
    Python,
}

impl Example {
    /// Ready to start; where it keeps its offset is the same each time.
    fn program(self, world: &World, broker: &Proxy) -> Program {
        let offset_file = world.directory().join("consumer.offset");
        let program = match self {
            Self::Rust => Program::at(built("examples/consumer")).env("OFFSET_FILE", offset_file),
            Self::Python => {
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/consumer.py");
                Program::at(built("../pika/bin/python")).arg(script).arg("--offset-file").arg(offset_file)
            }
        };
        program.env("AMQP_URL", broker.url())
    }
}

/// What lies beside our programs in the target directory.
fn built(name: &str) -> PathBuf {
    let this = env::current_exe().unwrap();
    let path = this.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.exists(), "{} is not there: ./test makes it", path.display());
    path
}

/// A consumer that runs.
pub struct Consumer {
    process: Process,
}

impl Consumer {
    pub fn start(world: &World, example: Example, broker: &Proxy, arguments: &[&str]) -> Self {
        Self { process: example.program(world, broker).args(arguments).start().unwrap() }
    }

    /// The events that it printed so far, of whole lines.
    fn events(&self) -> Vec<Value> {
        let text = self.process.text(Stream::Stdout);
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let events = whole.lines().map(serde_json::from_str);
        events.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {whole}"))
    }

    /// Waits until it has printed so many.
    pub async fn has_read(&mut self, n: usize) {
        self.until("a consumer has read enough", |events| {
            if events.len() >= n { Ok(()) } else { Err(format!("{} of {n} events", events.len())) }
        })
        .await;
    }

    /// Waits until it prints one more.
    pub async fn reads_more(&mut self) {
        let n = self.events().len();
        self.has_read(n + 1).await;
    }

    /// Waits until it has printed all of these.
    pub async fn has_seen(&mut self, ids: &BTreeSet<String>) {
        self.until("a consumer has read what it had not", |events| {
            let seen: BTreeSet<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
            let missing = ids.iter().filter(|id| !seen.contains(id.as_str())).count();
            if missing == 0 { Ok(()) } else { Err(format!("{missing} of {} are missing", ids.len())) }
        })
        .await;
    }

    async fn until(&mut self, what: &str, seen: impl Fn(&[Value]) -> Result<(), String>) {
        wait_until(what, LONG, async || {
            let events = self.events();
            seen(&events).map_err(|state| format!("{state}; {}", self.process.text(Stream::Stderr)))
        })
        .await;
    }

    /// Waits until it says so on its stderr.
    pub async fn says(&mut self, text: &str) {
        self.process.line(Stream::Stderr, text, SOON).await.unwrap();
    }

    /// SIGKILL, and what it had printed.
    pub fn killed(&mut self) -> Vec<Value> {
        self.process.kill9().unwrap();
        self.events()
    }
}
