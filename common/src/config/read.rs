//! Puts together what the file and the environment say, and finds everything that is wrong with it.
//!
//! Promises: the environment wins over the file, value by value; no value is used that did not read and
//! no key is ignored; all problems are found in one go. Leaves to others: reading the file
//! ([`super::source`]), what a value may be ([`super::setting`]), values beside each other (`check`).

use std::path::{Path, PathBuf};

use super::address::redacted;
use super::nearest::nearest;
use super::problem::{Origin, Problem, Problems};
use super::secret::Secret;
use super::setting::{Care, Found, Raw, resolved};
use super::source::{Environment, PREFIX, Toml, value_file, variable};
use super::{Config, Field};

/// The configuration that `file` and `environment` make, or every problem with them.
pub(super) fn read(
    file: Option<Result<Toml, Problem>>,
    environment: &Environment,
) -> Result<Config, Vec<Problem>> {
    let mut config = Config::default();
    let mut problems = Problems::default();
    // Without the file most values are defaults, and what they are beside each other says nothing.
    let mut values_are_known = true;
    let file = match file {
        Some(Ok(file)) => Some(file),
        Some(Err(broken)) => {
            values_are_known = false;
            problems.list.push(broken);
            None
        }
        None => None,
    };

    for mut field in config.fields() {
        match take(&mut field, file.as_ref(), environment) {
            Ok(Some(origin)) => {
                problems.origins.insert(field.key, origin);
            }
            Ok(None) => {}
            Err(problem) => problems.unreadable(field.key, problem),
        }
    }
    report_unknown(file.as_ref(), environment, &mut problems);
    if values_are_known {
        config.check(&mut problems);
    }

    if problems.list.is_empty() {
        config.origins = problems.origins;
        Ok(config)
    } else {
        Err(problems.list)
    }
}

/// Fills one field from the first place that has a value for it, and says which place that was.
fn take(
    field: &mut Field<'_>,
    file: Option<&Toml>,
    environment: &Environment,
) -> Result<Option<Origin>, Problem> {
    let variable = variable(field.key);
    let variable_file = format!("{variable}_FILE");
    let by_file = field.setting.care() != Care::Plain;

    let text = environment.value(&variable);
    let named = environment.value(&variable_file).filter(|_| by_file);
    match (text, named) {
        (Some(_), Some(_)) => {
            return Err(Problem {
                key: field.key.to_owned(),
                origin: Origin::Variable(variable_file),
                found: None,
                wanted: format!("stands beside {variable}: set one of the two"),
            });
        }
        (Some(text), None) => {
            let found = Found { raw: Raw::Text(text), base: Path::new("") };
            return fill(field, &found, Origin::Variable(variable)).map(Some);
        }
        (None, Some(path)) => {
            return fill_from_file(field, path, Path::new(""), Origin::Variable(variable_file)).map(Some);
        }
        (None, None) => {}
    }

    let Some(file) = file else { return Ok(None) };
    let key_file = format!("{}_file", field.key);
    let value = file.value(field.key);
    let named = file.value(&key_file).filter(|_| by_file);
    match (value, named) {
        (Some(_), Some((_, origin))) => Err(Problem {
            key: key_file,
            origin,
            found: None,
            wanted: format!("stands beside {}: set one of the two", field.key),
        }),
        (Some((item, origin)), None) => {
            fill(field, &Found { raw: Raw::Toml(item), base: file.base() }, origin).map(Some)
        }
        (None, Some((item, origin))) => match item.as_str() {
            Some(path) => fill_from_file(field, path, file.base(), origin).map(Some),
            None => Err(Problem {
                key: key_file,
                origin,
                found: None,
                wanted: "must be the path of a file".to_owned(),
            }),
        },
        (None, None) => Ok(None),
    }
}

/// Puts the value found into the field.
pub(super) fn fill(field: &mut Field<'_>, found: &Found<'_>, origin: Origin) -> Result<Origin, Problem> {
    // Bytes that are not UTF-8 arrive from the environment as this sign; a secret must not be bent silently.
    let is_bent = matches!(found.raw, Raw::Text(text) if text.contains(char::REPLACEMENT_CHARACTER));
    let read = if is_bent { Err("must be UTF-8".to_owned()) } else { field.setting.set(found) };
    read.map(|()| origin.clone()).map_err(|wanted| Problem {
        key: field.key.to_owned(),
        origin,
        found: shown(found, field.setting.care()),
        wanted,
    })
}

/// Puts the content of the file at `path` into the field.
fn fill_from_file(
    field: &mut Field<'_>,
    path: &str,
    base: &Path,
    named_by: Origin,
) -> Result<Origin, Problem> {
    let problem = |origin: &Origin, wanted: String| Problem {
        key: format!("{}_file", field.key),
        origin: origin.clone(),
        found: Some(path.to_owned()),
        wanted,
    };
    let absolute: PathBuf = resolved(path, base).map_err(|wanted| problem(&named_by, wanted))?;
    let text = value_file(&absolute)
        .map(Secret::new)
        .map_err(|error| problem(&named_by, format!("must name a file that can be read: {error}")))?;
    if text.expose().is_empty() {
        return Err(problem(
            &named_by,
            "must name a file that holds the value; this one is empty".to_owned(),
        ));
    }
    let origin = Origin::ContentOf { path: absolute, named_by: Box::new(named_by) };
    fill(field, &Found { raw: Raw::Text(text.expose()), base }, origin)
}

/// The value as a message may repeat it.
fn shown(found: &Found<'_>, care: Care) -> Option<String> {
    let text = match found.raw {
        Raw::Text(text) => format!("\"{text}\""),
        Raw::Toml(item) => item.to_string().trim().to_owned(),
    };
    match care {
        // Who writes a URL where none belongs may have written a login into it.
        Care::Plain if text.contains("://") || text.contains('@') => Some(redacted(&text)),
        Care::Plain => Some(text),
        Care::Redacted => Some(redacted(&text)),
        Care::Secret => None,
    }
}

/// Adds a problem for every key and every variable that nobody knows. Never repeats its value: a
/// mistyped `pasword` holds one all the same.
fn report_unknown(file: Option<&Toml>, environment: &Environment, problems: &mut Problems) {
    let known = known_keys();
    let sections = || known.iter().filter_map(|key| key.split_once('.')).map(|(section, _)| section);
    if let Some(file) = file {
        for (key, origin) in file.keys() {
            if known.contains(&key) {
                continue;
            }
            let is_section = sections().any(|section| section == key);
            let wanted = if is_section {
                format!("must be a table: write [{key}] and its keys below")
            } else {
                no_such("key", nearest(&key, known.iter().map(String::as_str)))
            };
            problems.list.push(Problem { key, origin, found: None, wanted });
        }
        for (key, origin) in file.empty_sections() {
            if !sections().any(|section| section == key) {
                let wanted = no_such("section", nearest(&key, sections()));
                problems.list.push(Problem { key, origin, found: None, wanted });
            }
        }
    }
    for name in environment.names() {
        let key = name.strip_prefix(PREFIX).unwrap_or(name).replace("__", ".").to_lowercase();
        if known.contains(&key) && name == variable(&key) {
            continue;
        }
        let near = nearest(&key, known.iter().map(String::as_str)).map(variable);
        problems.list.push(Problem {
            key,
            origin: Origin::Variable(name.to_owned()),
            found: None,
            wanted: no_such("variable", near.as_deref()),
        });
    }
}

fn no_such(what: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("no such {what}; did you mean {near}?"),
        None => format!("no such {what}; `panos-upgrade config show` lists all of them"),
    }
}

/// Every key that may be written, with the `_file` form of those that have one.
fn known_keys() -> Vec<String> {
    let mut defaults = Config::default();
    let fields = defaults.fields();
    let by_file = fields.iter().filter(|field| field.setting.care() != Care::Plain);
    let file_keys: Vec<_> = by_file.map(|field| format!("{}_file", field.key)).collect();
    fields.iter().map(|field| field.key.to_owned()).chain(file_keys).collect()
}
