//! The programs of a test: a command that ran to its end, and a worker that runs until it is told to stop.
//!
//! Leaves to others: what they are started with ([`world`](crate::world)).

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use testkit::process::{Process, Stream};
use testkit::wait::wait_until;

use crate::world::{GRACE, SOON, World};

/// What a command printed and how it ended.
pub struct Said {
    /// What was asked.
    pub command: String,
    /// How it ended.
    pub code: i32,
    /// Its data.
    pub stdout: String,
    /// Its messages and its log.
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
    pub(crate) world: &'a World,
    pub(crate) process: Process,
}

impl Worker<'_> {
    /// The process, for other signals.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Its process number, which is part of its name in the ledger.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        self.process.text(Stream::Stdout)
    }

    /// What it logged so far.
    pub fn logged(&self) -> String {
        self.process.text(Stream::Stderr)
    }

    fn note_memory(&self) {
        self.world.note_memory(self.id());
    }

    /// SIGKILL.
    pub fn kill9(mut self) {
        self.note_memory();
        self.process.kill9().unwrap();
    }

    /// Waits until it has caught signals and begun to work; told to stop before that, it just ends.
    pub async fn begun(&self) {
        wait_until("a worker has begun", SOON, async || {
            let logged = self.logged();
            if logged.contains("begins, ledger") { Ok(()) } else { Err(logged) }
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
        self.note_memory();
        self.process.terminate().unwrap();
        self.ended(GRACE).await
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.note_memory();
        let text = format!("{}\n{}", self.process.text(Stream::Stdout), self.process.text(Stream::Stderr));
        self.world.keep(format!("worker {}", self.process.id()), text);
    }
}
