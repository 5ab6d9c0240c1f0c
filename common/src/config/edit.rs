//! `config set`: changes keys in the configuration file and leaves the rest of it as it was written.
//!
//! Promises: comments, order and formatting stay; what the file would say is checked as a whole, beside
//! the environment, before a byte is written; the file is replaced in one step, readable by its owner
//! only. Secrets are refused: other users see the arguments of a command.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, Value as TomlValue};
use uuid::Uuid;

use super::nearest::nearest;
use super::problem::{ConfigError, Origin, Problem};
use super::setting::{Care, Found, Raw};
use super::source::{Environment, Toml, variable};
use super::{Config, environment, read};

/// Sets one key in the file at `path`, beside this process's environment. See [`set_all`].
///
/// # Errors
/// As [`set_all`].
pub fn set(path: &Path, key: &str, value: &str) -> Result<(), ConfigError> {
    set_all(path, &[(key, value)], environment())
}

/// Sets several keys at once in the file at `path`, which is made when it is absent. Several, because some
/// values go together: `ledger.url` and `broker.url` change from embedded to fleet only as a pair. An empty
/// value takes an optional key back.
///
/// # Errors
/// [`ConfigError::UnknownKey`], [`ConfigError::SecretAsArgument`], or [`ConfigError::Invalid`] with
/// everything that would be wrong with the changed file; [`ConfigError::Unwritable`]. The file is unharmed.
pub fn set_all(
    path: &Path,
    changes: &[(&str, &str)],
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    let old = Toml::read(path)?.unwrap_or_default();
    let mut document: DocumentMut = match old.parse() {
        Ok(document) => document,
        Err(_) => return Err(invalid(Toml::parse(path, &old).err().into_iter().collect())),
    };
    let mut problems = Vec::new();
    for (key, value) in changes {
        match written(key, value)? {
            Ok((key, value)) => put(&mut document, key, value),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(invalid(problems));
    }
    let new = document.to_string();
    read::read(Some(Toml::parse(path, &new)), &Environment::new(environment)).map_err(invalid)?;
    replace(path, &new).map_err(|source| ConfigError::Unwritable { path: path.to_owned(), source })
}

fn invalid(problems: Vec<Problem>) -> ConfigError {
    ConfigError::Invalid { problems }
}

/// One change, read as its type: the key and what the file has to say for it.
fn written(key: &str, value: &str) -> Result<Result<(&'static str, TomlValue), Problem>, ConfigError> {
    let mut config = Config::default();
    let mut fields = config.fields();
    let Some(field) = fields.iter_mut().find(|field| field.key == key) else {
        let suggestion = nearest(key, fields.iter().map(|field| field.key));
        return Err(ConfigError::UnknownKey { key: key.to_owned(), suggestion });
    };
    let refused = ConfigError::SecretAsArgument { key: field.key, variable: variable(field.key) };
    if field.setting.care() == Care::Secret {
        return Err(refused);
    }
    // Relative paths are the shell's here; the file gets them whole.
    let found = Found { raw: Raw::Text(value), base: Path::new("") };
    match read::fill(field, &found, Origin::CommandLine) {
        Ok(_) if field.setting.is_secret() => Err(refused),
        Ok(_) => Ok(Ok((field.key, field.setting.toml()))),
        Err(problem) => Ok(Err(problem)),
    }
}

/// Puts `value` where `key` stands, or at the end of its section. What surrounds an old value stays.
fn put(document: &mut DocumentMut, key: &str, mut value: TomlValue) {
    let Some((section, name)) = key.split_once('.') else { return };
    let section = document.entry(section).or_insert_with(|| Item::Table(Table::new()));
    // A section that is no table is told of by the check of the whole file.
    let Some(table) = section.as_table_like_mut() else { return };
    if let Some(Item::Value(old)) = table.get_mut(name) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        table.insert(name, Item::Value(value));
    }
}

/// Replaces the file at `path` in one step: a reader sees the old text or the new one, a crash leaves one
/// of the two.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // The file that a link leads to is the one to replace, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let beside = directory.join(format!(".{}.toml", Uuid::new_v4().simple()));
    let written = write_private(&beside, text).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // It may not exist; what went wrong before is what the caller has to know.
        let _ = fs::remove_file(&beside);
    }
    written?;
    // The rename lasts once the directory is on disk; where directories cannot be opened it lasts anyway.
    File::open(directory).and_then(|directory| directory.sync_all()).or(Ok(()))
}

/// Writes a new file that only its owner may read: a configuration may hold secrets.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
