//! One private PostgreSQL server: made, killed, stopped and started again on the same data.
//!
//! Facts about the programs: `initdb` and `postgres` refuse root; a backend lives in a session of its own
//! and ends when it notices that the postmaster is gone, and until then a new postmaster refuses the data
//! directory (PostgreSQL documentation, "Shutting Down the Server"). So a kill takes the whole family.

use std::{
    env,
    ffi::OsString,
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::execute;
use crate::{ServerError, account, guard::Guarded, log_file, ports::free_port, wait::poll_until};

const SERVER: &str = "PostgreSQL";

/// Measured: 0.7 s for a start, 2 s for `initdb` on two busy cores. The bound is for much worse.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A fast shutdown writes a checkpoint.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);

/// A private PostgreSQL server on a free loopback port.
#[derive(Debug)]
pub struct Postgres {
    // Before the directory, because fields are dropped in this order.
    running: Option<Guarded>,
    programs: PathBuf,
    port: u16,
    settings: Vec<OsString>,
    directory: TempDir,
}

impl Postgres {
    /// Makes a data directory and starts a server on it, with `fsync` on.
    ///
    /// # Errors
    /// When the programs are not installed or the server does not accept a query in time.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(&[]).await
    }

    /// [`Postgres::start`] with settings of `postgresql.conf`, such as `("max_connections", "10")`.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn start_with(settings: &[(&str, &str)]) -> Result<Self, ServerError> {
        let programs = find_programs()?;
        let directory = tempfile::Builder::new()
            .prefix("testkit-postgres-")
            .tempdir()
            .map_err(ServerError::machine(env::temp_dir()))?;
        account::hand_over(directory.path()).map_err(ServerError::machine(directory.path()))?;
        let settings = settings
            .iter()
            .flat_map(|(name, value)| ["-c".into(), format!("{name}={value}").into()])
            .collect();
        let port = free_port().map_err(ServerError::machine("127.0.0.1"))?;
        let mut server = Self { running: None, programs, port, settings, directory };
        server.make_data_directory().await?;
        server.start_again().await?;
        Ok(server)
    }

    /// Where it listens: `postgres://app@127.0.0.1:PORT/postgres`. No password is asked for.
    pub fn url(&self) -> String {
        format!("postgres://app@127.0.0.1:{}/postgres", self.port)
    }

    /// The port, which stays the same over [`Postgres::start_again`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process that all of it descends from, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().map(Guarded::id)
    }

    /// Ends the server and all its backends at once, as SIGKILL does.
    ///
    /// # Errors
    /// When a process is still there after ten seconds.
    pub fn kill9(&mut self) -> Result<(), ServerError> {
        self.running("kill it")?.kill9().map_err(|error| wrong_state("kill it", error.to_string()))?;
        self.running = None;
        Ok(())
    }

    /// SIGSTOP to the server and all its backends: it stands still, with its connections open. New ones are
    /// accepted by the kernel and get no answer. [`Postgres::kill9`], [`Postgres::stop`] and dropping work.
    ///
    /// # Errors
    /// When it is not running, or a process is not stopped after ten seconds.
    pub fn suspend(&mut self) -> Result<(), ServerError> {
        self.running("suspend it")?.suspend().map_err(|error| wrong_state("suspend it", error.to_string()))
    }

    /// SIGCONT: it goes on after [`Postgres::suspend`]. A server that is not suspended takes no notice.
    ///
    /// # Errors
    /// When it is not running.
    pub fn resume(&mut self) -> Result<(), ServerError> {
        self.running("resume it")?.resume().map_err(|error| wrong_state("resume it", error.to_string()))
    }

    /// Stops the server in order, ending open connections: the "fast" shutdown, which SIGINT asks for. SIGTERM would
    /// wait for every client to leave ("Shutting Down the Server").
    ///
    /// # Errors
    /// When it has not ended in time; then it is still running.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        let action = "stop it";
        let server = self.running(action)?;
        server
            .signal(Signal::INT)
            .and_then(|()| server.resume())
            .map_err(|error| wrong_state(action, error.to_string()))?;
        server.wait(STOPPED_WITHIN).await.map_err(|error| wrong_state(action, error.to_string()))?;
        self.running = None;
        Ok(())
    }

    /// Starts a server that was killed or stopped, on the same data and port.
    ///
    /// # Errors
    /// When it is running, or does not accept a query in time.
    pub async fn start_again(&mut self) -> Result<(), ServerError> {
        if self.running.is_some() {
            return Err(wrong_state("start it", "it is running"));
        }
        let log = self.log();
        let mut command = Guarded::command(&self.command(), Some(self.directory.path()));
        let output =
            OpenOptions::new().create(true).append(true).open(&log).map_err(ServerError::machine(&log))?;
        let errors = output.try_clone().map_err(ServerError::machine(&log))?;
        command.stdout(output).stderr(errors).current_dir(self.directory.path());
        let mut server =
            Guarded::spawn(command).map_err(ServerError::machine(self.programs.join("postgres")))?;

        let url = self.url();
        let ready = poll_until("it accepts a query", READY_WITHIN, async || {
            if let Ok(Some(status)) = server.ended() {
                return Ok(Err(format!("it ended: {status}")));
            }
            execute(&url, "SELECT 1").await.map(Ok).map_err(|error| error.to_string())
        });
        match ready.await.map_err(|timed_out| timed_out.to_string()).flatten() {
            Ok(()) => {
                self.running = Some(server);
                Ok(())
            }
            Err(reason) => {
                Err(ServerError::NotReady { server: SERVER, reason, log: log_file::last_lines(&log) })
            }
        }
    }

    /// What the server wrote, from all its starts.
    pub fn log_text(&self) -> String {
        log_file::read_from(&self.log(), 0)
    }

    fn running(&mut self, action: &'static str) -> Result<&mut Guarded, ServerError> {
        self.running.as_mut().ok_or_else(|| wrong_state(action, "it is not running"))
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("server.log")
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self) -> Vec<OsString> {
        let mut command = account::run_as();
        command.push(self.programs.join("postgres").into());
        command.extend(["-D".into(), self.data().into()]);
        let mut sockets = OsString::from("unix_socket_directories=");
        sockets.push(self.directory.path());
        let port = format!("port={}", self.port).into();
        for setting in ["listen_addresses=127.0.0.1".into(), port, sockets] {
            command.extend(["-c".into(), setting]);
        }
        command.extend(self.settings.iter().cloned());
        command
    }

    /// `--no-sync` gives up durability of the empty template only; what a test commits is synced.
    async fn make_data_directory(&self) -> Result<(), ServerError> {
        let program = self.programs.join("initdb");
        let mut words = account::run_as();
        words.extend([program.clone().into(), "-D".into(), self.data().into()]);
        words.extend(
            ["-U", "app", "--auth=trust", "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"]
                .map(OsString::from),
        );
        let mut command = Guarded::command(&words, Some(self.directory.path()));
        let log = self.log();
        let output = fs::File::create(&log).map_err(ServerError::machine(&log))?;
        let errors = output.try_clone().map_err(ServerError::machine(&log))?;
        command.stdout(output).stderr(errors).current_dir(self.directory.path());
        let mut initdb = Guarded::spawn(command).map_err(ServerError::machine(&program))?;
        let reason = match initdb.wait(READY_WITHIN).await {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => format!("initdb ended: {status}"),
            Err(error) => format!("initdb: {error}"),
        };
        Err(ServerError::NotReady { server: SERVER, reason, log: log_file::last_lines(&log) })
    }
}

fn wrong_state(action: &'static str, reason: impl Into<String>) -> ServerError {
    ServerError::WrongState { server: SERVER, action, reason: reason.into() }
}

/// The directory with `initdb` and `postgres`: of the newest version below Debian's directory, or what
/// `pg_config` says. Debian keeps the server's programs off the path on purpose, so that versions can live
/// side by side.
fn find_programs() -> Result<PathBuf, ServerError> {
    const DEBIAN: &str = "/usr/lib/postgresql";
    let has_both =
        |directory: &Path| directory.join("initdb").is_file() && directory.join("postgres").is_file();
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, directory)| has_both(directory))
        .collect();
    versions.sort();
    if let Some((_, newest)) = versions.pop() {
        return Ok(newest);
    }
    pg_config().ok().filter(|directory| has_both(directory)).ok_or_else(|| ServerError::NotInstalled {
        program: "postgres",
        looked_for: format!("{DEBIAN}/*/bin/postgres and `pg_config --bindir`"),
        package: "postgresql",
    })
}

fn pg_config() -> io::Result<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output()?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}
