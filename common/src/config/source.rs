//! The two places settings are written in: one TOML file, and the environment.
//!
//! Promises: every value comes with its origin, and the size of what is read is bounded. A message about
//! broken TOML does not repeat the line: it may hold a secret. Leaves to others: which keys exist.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item};

use super::problem::{ConfigError, Origin, Problem};

/// What the names of our environment variables begin with.
pub(super) const PREFIX: &str = "PANOS_UPGRADE__";

/// Largest configuration file; ours has some fifty lines, and a table of pins some hundred bytes per device.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// Largest file that holds one value; keys and passwords are far shorter.
const LARGEST_VALUE_FILE: u64 = 64 * 1024;

/// The environment variable of a key: `lease.ttl` is `PANOS_UPGRADE__LEASE__TTL`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// The configuration file, parsed.
pub(super) struct Toml {
    path: PathBuf,
    document: Document<String>,
}

impl Toml {
    /// Reads the file at `path`; `None` when it is not there.
    pub(super) fn read(path: &Path) -> Result<Option<String>, ConfigError> {
        match read_limited(path, LARGEST_FILE) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
        }
    }

    /// Parses the text of the file at `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        match Document::parse(text.to_owned()) {
            Ok(document) => Ok(Self { path: path.to_owned(), document }),
            Err(error) => Err(Problem {
                key: "TOML".to_owned(),
                origin: Origin::File { path: path.to_owned(), line: line_of(text, error.span()) },
                found: None,
                wanted: error.message().trim().replace('\n', ", "),
            }),
        }
    }

    /// The directory that relative paths in the file start from.
    pub(super) fn base(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The value of `key`, which has the form `section.name`.
    pub(super) fn value(&self, key: &str) -> Option<(&Item, Origin)> {
        let (section, name) = key.split_once('.')?;
        let (written, item) = self.document.as_table().get(section)?.as_table_like()?.get_key_value(name)?;
        Some((item, self.origin(written.span().or_else(|| item.span()))))
    }

    /// Every key in the file, known or not.
    pub(super) fn keys(&self) -> Vec<(String, Origin)> {
        let mut keys = Vec::new();
        for (section, item) in self.document.as_table() {
            match item.as_table_like() {
                Some(table) => keys.extend(table.iter().map(|(name, item)| {
                    let span = table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
                    (format!("{section}.{name}"), self.origin(span))
                })),
                None => keys.push((section.to_owned(), self.origin(item.span()))),
            }
        }
        keys
    }

    /// Sections of the file that hold nothing; the name of an unknown one is still a mistake.
    pub(super) fn empty_sections(&self) -> Vec<(String, Origin)> {
        let tables = self
            .document
            .as_table()
            .iter()
            .filter_map(|(name, item)| Some((name, item, item.as_table_like()?)));
        tables
            .filter(|(_, _, table)| table.is_empty())
            .map(|(name, item, _)| (name.to_owned(), self.origin(item.span())))
            .collect()
    }

    fn origin(&self, span: Option<Range<usize>>) -> Origin {
        Origin::File { path: self.path.clone(), line: line_of(self.document.raw(), span) }
    }
}

/// The line, from 1, on which `span` begins.
fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start).min(text.len());
    1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count()
}

/// Our variables of an environment.
pub(super) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Keeps what is ours.
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names of all of them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The content of a file that holds one value, without the newline that editors leave at its end.
pub(super) fn value_file(path: &Path) -> io::Result<String> {
    let mut text = read_limited(path, LARGEST_VALUE_FILE)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// A file's text, refusing more than `limit` bytes without reading them.
fn read_limited(path: &Path, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")));
    }
    Ok(text)
}
