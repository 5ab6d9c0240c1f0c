//! What can go wrong with a server that a test wants.
//!
//! Promises: the text says what is missing or what the server said last, because whoever reads it sees a
//! failed test and nothing else. `Debug` is the same text, so that an `unwrap` in a test shows it unescaped.

use std::{fmt, io, path::PathBuf};

/// Why a server, a database or a virtual host is not there.
#[derive(thiserror::Error)]
pub enum ServerError {
    /// A program of the server is not installed.
    #[error(
        "`{program}` is not installed (looked for {looked_for}); `./test` installs it on Debian and Ubuntu, package `{package}`"
    )]
    NotInstalled {
        /// The program.
        program: &'static str,
        /// Where it was looked for.
        looked_for: String,
        /// The Debian package that has it.
        package: &'static str,
    },

    /// The server was started and is not usable.
    #[error("{server}: not ready: {reason}\nlast lines of its log:\n{log}")]
    NotReady {
        /// Which server.
        server: &'static str,
        /// What was seen instead.
        reason: String,
        /// The last lines that it wrote.
        log: String,
    },

    /// The server does not end, or was asked to do something that its state does not allow.
    #[error("{server}: cannot {action}: {reason}")]
    WrongState {
        /// Which server.
        server: &'static str,
        /// What it was asked to do.
        action: &'static str,
        /// What is in the way.
        reason: String,
    },

    /// A running server refused a request or gave no answer.
    #[error("{request}: {reason}")]
    Refused {
        /// What was asked for, without credentials.
        request: String,
        /// What came back.
        reason: String,
    },

    /// An address in the environment is of no use.
    #[error("{variable}: {reason}")]
    BadAddress {
        /// The environment variable.
        variable: &'static str,
        /// What is wrong with its value, which is not repeated because it may hold a password.
        reason: String,
    },

    /// The machine refused a file or a process.
    #[error("{path}: {error}", path = path.display())]
    Machine {
        /// The file or program.
        path: PathBuf,
        /// The system's answer. It is in the text, and so not a source.
        error: io::Error,
    },
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ServerError {
    /// Makes an error of what the machine said about `path`.
    pub(crate) fn machine(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Machine { path, error }
    }
}
