//! Our programs as processes of their own: started, watched, signalled, killed.
//!
//! Guarantees: a process ends with the test, however that ends; what it printed is in files and can be
//! read at any time, also after it was killed; every wait has a bound, and its error shows what the process
//! said last. A variable `PANOS_UPGRADE__…` of whoever runs the tests does not reach it. Leaves to others:
//! what the programs print, and building them (`./test` and `cargo build --workspace` do).

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{guard::Guarded, log_file, wait::poll_until};

/// Configuration from the environment starts like this; a process gets only what the test gives it.
const CONFIGURATION_PREFIX: &str = "PANOS_UPGRADE__";

/// What a process under test did not do.
#[derive(thiserror::Error)]
pub enum ProcessError {
    /// The program has not been built.
    #[error("`{name}` is not at {path}: build it with `cargo build --workspace`", path = path.display())]
    NotBuilt {
        /// The program.
        name: String,
        /// Where it should be: beside the test.
        path: PathBuf,
    },

    /// The machine refused to start or to signal it.
    #[error("`{name}`: {error}")]
    Machine {
        /// The program.
        name: String,
        /// The system's answer. It is in the text, and so not a source.
        error: io::Error,
    },

    /// It did not print or end as awaited.
    #[error("`{name}`: {reason}\nlast lines of its stdout:\n{stdout}\nlast lines of its stderr:\n{stderr}")]
    NotSeen {
        /// The program.
        name: String,
        /// What was awaited, and what was seen.
        reason: String,
        /// The end of its standard output.
        stdout: String,
        /// The end of its standard error.
        stderr: String,
    },
}

/// The text of an error is made for reading, so that an `unwrap` in a test shows it unescaped.
impl std::fmt::Debug for ProcessError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Which of the two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Data.
    Stdout,
    /// The log and messages.
    Stderr,
}

/// A program that is about to be started. Its stdin is empty.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
}

impl Program {
    /// One of our own programs, from the target directory that this test, or this program, was built into.
    ///
    /// # Errors
    /// When it is not there.
    pub fn ours(name: &str) -> Result<Self, ProcessError> {
        let this =
            env::current_exe().map_err(|error| ProcessError::Machine { name: name.to_owned(), error })?;
        let path = directory_of_programs(&this).join(name);
        if path.is_file() {
            Ok(Self::at(path))
        } else {
            Err(ProcessError::NotBuilt { name: name.to_owned(), path })
        }
    }

    /// Any program, by its path or name.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), arguments: Vec::new(), variables: Vec::new(), directory: None }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the machine refuses. A program that does not exist shows as a process that ends with code 127.
    pub fn start(&self) -> Result<Process, ProcessError> {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned();
        let started = self.spawn();
        let (guarded, output) =
            started.map_err(|error| ProcessError::Machine { name: name.clone(), error })?;
        Ok(Process { guarded, name, output })
    }

    /// Starts it, waits until it has ended by itself, and returns what it printed.
    ///
    /// # Errors
    /// When it has not ended after `within`; then it is killed.
    pub async fn run(&self, within: Duration) -> Result<Ended, ProcessError> {
        let mut process = self.start()?;
        let status = process.wait(within).await?;
        Ok(Ended { status, stdout: process.text(Stream::Stdout), stderr: process.text(Stream::Stderr) })
    }

    fn spawn(&self) -> io::Result<(Guarded, TempDir)> {
        let output = tempfile::Builder::new().prefix("testkit-process-").tempdir()?;
        let mut words = vec![self.path.clone().into_os_string()];
        words.extend(self.arguments.iter().cloned());
        let mut command = Guarded::command(&words, Some(output.path()));
        let append = |stream: Stream| {
            OpenOptions::new().create(true).append(true).open(output.path().join(stream.file_name()))
        };
        command.stdout(append(Stream::Stdout)?).stderr(append(Stream::Stderr)?);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with(CONFIGURATION_PREFIX) {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        Ok((Guarded::spawn(command)?, output))
    }
}

/// A program that ended by itself.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
}

/// A started program. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    // Before its files, because fields are dropped in this order.
    guarded: Guarded,
    name: String,
    output: TempDir,
}

impl Process {
    /// Its process number.
    pub fn id(&self) -> u32 {
        self.guarded.id()
    }

    /// What it has printed so far (the last 4 MiB).
    pub fn text(&self, stream: Stream) -> String {
        log_file::read_from(&self.file(stream), 0)
    }

    /// Waits for the first whole line on stdout: how a program of ours says that it is ready.
    ///
    /// # Errors
    /// When there is none after `within`, or it ended before.
    pub async fn ready_line(&mut self, within: Duration) -> Result<String, ProcessError> {
        self.line(Stream::Stdout, "", within).await
    }

    /// Waits for a whole line that holds `text`, and returns the first such line without its end.
    ///
    /// # Errors
    /// When there is none after `within`, or it ended before.
    pub async fn line(
        &mut self,
        stream: Stream,
        text: &str,
        within: Duration,
    ) -> Result<String, ProcessError> {
        let what = format!("a line with {text:?} on its {}", stream.file_name());
        let file = self.file(stream);
        let guarded = &mut self.guarded;
        let seen = poll_until(what, within, async || {
            // Asked before reading: what it wrote before its end is then in the file.
            let ended = guarded.ended().map_err(|error| error.to_string())?;
            let printed = log_file::read_from(&file, 0);
            match (whole_line_with(&printed, text), ended) {
                (Some(line), _) => Ok(Ok(line.to_owned())),
                (None, Some(status)) => Ok(Err(format!("it ended without a line with {text:?}: {status}"))),
                (None, None) => Err("it is running and has not printed it".to_owned()),
            }
        });
        let seen = seen.await.map_err(|timed_out| timed_out.to_string()).flatten();
        seen.map_err(|reason| self.not_seen(reason))
    }

    /// Whether it is there (running or suspended).
    pub fn is_running(&mut self) -> bool {
        matches!(self.guarded.ended(), Ok(None))
    }

    /// Waits until it has ended by itself or by a signal.
    ///
    /// # Errors
    /// When it has not after `within`; it is left as it is.
    pub async fn wait(&mut self, within: Duration) -> Result<ExitStatus, ProcessError> {
        let ended = self.guarded.wait(within).await;
        ended.map_err(|error| self.not_seen(error.to_string()))
    }

    /// SIGKILL to it and all that it started; they are gone afterwards.
    ///
    /// # Errors
    /// When they are still there after ten seconds.
    pub fn kill9(&mut self) -> Result<ExitStatus, ProcessError> {
        let killed = self.guarded.kill9();
        killed.map_err(|error| self.machine(error))
    }

    /// SIGTERM, as an orchestrator sends it.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn terminate(&mut self) -> Result<(), ProcessError> {
        self.signal(Signal::TERM)
    }

    /// SIGINT, as Ctrl-C does.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn interrupt(&mut self) -> Result<(), ProcessError> {
        self.signal(Signal::INT)
    }

    /// SIGSTOP: it stands still, with its connections open, and does not know.
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn suspend(&mut self) -> Result<(), ProcessError> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT: it goes on after [`Process::suspend`].
    ///
    /// # Errors
    /// When the machine refuses.
    pub fn resume(&mut self) -> Result<(), ProcessError> {
        self.signal(Signal::CONT)
    }

    fn signal(&mut self, signal: Signal) -> Result<(), ProcessError> {
        let sent = self.guarded.signal(signal);
        sent.map_err(|error| self.machine(error))
    }

    fn file(&self, stream: Stream) -> PathBuf {
        self.output.path().join(stream.file_name())
    }

    fn machine(&self, error: io::Error) -> ProcessError {
        ProcessError::Machine { name: self.name.clone(), error }
    }

    fn not_seen(&self, reason: String) -> ProcessError {
        ProcessError::NotSeen {
            name: self.name.clone(),
            reason,
            stdout: log_file::last_lines(&self.file(Stream::Stdout)),
            stderr: log_file::last_lines(&self.file(Stream::Stderr)),
        }
    }
}

impl Stream {
    fn file_name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Where Cargo puts programs, seen from one of its products: tests are in `deps/` below them (or in `examples/`), a
/// program stands beside them. A doc test is elsewhere, and finds none.
fn directory_of_programs(product: &Path) -> &Path {
    let beside = product.parent().unwrap_or(Path::new("target/debug"));
    match beside.file_name().and_then(OsStr::to_str) {
        Some("deps" | "examples") => beside.parent().unwrap_or(beside),
        Some(_) | None => beside,
    }
}

/// A line counts when its end is there: the rest of half a line may be on its way.
fn whole_line_with<'a>(printed: &'a str, text: &str) -> Option<&'a str> {
    printed.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).find(|line| line.contains(text))
}

#[cfg(test)]
mod tests;
