//! What is wrong with a configuration, all of it at once, and where each value came from.
//!
//! Promises: a problem names the key, its origin, the value found and what would do; the value of a
//! secret never gets in. Leaves to others: finding the problems (the sections and [`super::read`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

/// Longest value that a message repeats, in characters; enough to recognise it.
const LONGEST_SHOWN: usize = 120;

/// Where the effective value of a key came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the configuration file, from 1.
    File {
        /// The configuration file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable, by its name.
    Variable(String),
    /// An argument of `config set`.
    CommandLine,
    /// The content of a file that a `…_file` key or a `…_FILE` variable names.
    ContentOf {
        /// The file that holds the value.
        path: PathBuf,
        /// What named it.
        named_by: Box<Origin>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::CommandLine => f.write_str("command line"),
            Self::ContentOf { path, named_by } => write!(f, "{} by {named_by}", path.display()),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, for example `lease.ttl`, as it was written.
    pub key: String,
    /// Where the value came from.
    pub origin: Origin,
    /// The value found; `None` for secrets, unknown keys and what is missing.
    pub found: Option<String>,
    /// What would do.
    pub wanted: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, origin, found, wanted } = self;
        match found {
            Some(found) => write!(f, "{key} = {} ({origin}): {wanted}", shortened(found)),
            None => write!(f, "{key} ({origin}): {wanted}"),
        }
    }
}

/// `text` on one line and not longer than [`LONGEST_SHOWN`].
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Everything found so far, with the origins that later checks need for their messages.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) list: Vec<Problem>,
    pub(super) origins: BTreeMap<&'static str, Origin>,
    /// Keys whose value could not be read: their default stands in and must not be checked against others.
    unread: BTreeSet<&'static str>,
}

impl Problems {
    /// Adds the problem of a `key` whose value could not be read.
    pub(super) fn unreadable(&mut self, key: &'static str, problem: Problem) {
        self.unread.insert(key);
        self.list.push(problem);
    }

    /// Adds a value that reads well and cannot work.
    pub(super) fn add(&mut self, key: &'static str, found: impl fmt::Display, wanted: impl Into<String>) {
        self.add_among(&[key], Some(found.to_string()), wanted);
    }

    /// Adds a value that cannot work beside other values. `keys` names all of them, the one to change
    /// first. Says nothing when one of them could not be read: that is reported already, and what
    /// stands in for it says nothing about the value meant.
    pub(super) fn add_among(
        &mut self,
        keys: &[&'static str],
        found: Option<String>,
        wanted: impl Into<String>,
    ) {
        let Some(key) = keys.first() else { return };
        if keys.iter().any(|key| self.unread.contains(key)) {
            return;
        }
        let origin = self.origins.get(key).cloned().unwrap_or(Origin::Default);
        self.list.push(Problem { key: (*key).to_owned(), origin, found, wanted: wanted.into() });
    }

    /// Adds a problem for each of these lengths of time that is zero.
    pub(super) fn refuse_zero(&mut self, lengths: &[(&'static str, std::time::Duration)]) {
        for (key, _) in lengths.iter().filter(|(_, length)| length.is_zero()) {
            self.add(key, "0s", "must be longer than nothing");
        }
    }
}

/// Why there is no configuration, or why it was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that the caller named is not there.
    #[error("{}: no such configuration file", path.display())]
    Absent {
        /// The file as named.
        path: PathBuf,
    },
    /// The file is there and cannot be read.
    #[error("{}: cannot read the configuration file", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// One or more values are unknown, malformed or contradict each other.
    #[error("{}", listed(problems))]
    Invalid {
        /// All of them: values that do not read, then unknown keys, then values that contradict others.
        problems: Vec<Problem>,
    },
    /// `config set` was given a key that does not exist.
    #[error("unknown key `{key}`{}", suggestion.as_ref().map(|near| format!("; the closest is `{near}`")).unwrap_or_default())]
    UnknownKey {
        /// The key as given.
        key: String,
        /// The known key that looks most like it.
        suggestion: Option<&'static str>,
    },
    /// `config set` was given a secret, which other users of the machine can read in the process list.
    #[error(
        "the value of `{key}` is a secret and is never taken from the command line: put it into a file and name that file \
         in `{variable}_FILE` or as `{key}_file` in the configuration file, or set `{variable}`"
    )]
    SecretAsArgument {
        /// The key of the secret.
        key: &'static str,
        /// Its environment variable.
        variable: String,
    },
    /// The changed file could not be written; the old one is unharmed.
    #[error("{}: cannot write the configuration file", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// One line for one problem, a heading and a line each for more.
fn listed(problems: &[Problem]) -> String {
    match problems {
        [only] => format!("configuration: {only}"),
        many => {
            let lines: String = many.iter().map(|problem| format!("\n  {problem}")).collect();
            format!("configuration: {} problems{lines}", many.len())
        }
    }
}
