//! What a value of the configuration can be: read from TOML or from text, shown, and written back.
//!
//! Promises: whatever reads well is in range for its type, and the text shown for it reads back as the
//! same value. Leaves to others: what values mean beside each other (`check` of each section).

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use toml_edit::{Item, Value as TomlValue};

use super::secret::Secret;
use crate::domain::job::JobType;
use crate::domain::version::Version;

/// Longest length of time a setting may have. Nothing here waits for a week, and adding a length from the
/// far end of the type to a clock would overflow.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What would do instead of the value found, as the end of a sentence.
pub(super) type Wanted = String;

/// How carefully a value has to be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// May be seen.
    Plain,
    /// A URL that may hold a password: shown redacted, may come from a file.
    Redacted,
    /// Never shown, may come from a file, never taken from a command line.
    Secret,
}

/// A value as it was found, before anybody knows whether it reads.
pub(super) struct Found<'a> {
    pub(super) raw: Raw<'a>,
    /// The directory that relative paths start from: the configuration file's for a value in it,
    /// so that its meaning does not depend on where a command is started.
    pub(super) base: &'a Path,
}

/// The two notations a value comes in.
pub(super) enum Raw<'a> {
    /// From the environment or a command line: everything is text.
    Text(&'a str),
    /// From the configuration file.
    Toml(&'a Item),
}

impl Found<'_> {
    /// The value as text; `None` when TOML says it is something else.
    pub(super) fn text(&self) -> Option<&str> {
        match self.raw {
            Raw::Text(text) => Some(text),
            Raw::Toml(item) => item.as_str(),
        }
    }

    fn integer(&self) -> Option<i64> {
        match self.raw {
            Raw::Text(text) => text.trim().parse().ok(),
            Raw::Toml(item) => item.as_integer(),
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self.raw {
            Raw::Text(text) => text.trim().parse().ok(),
            Raw::Toml(item) => item.as_bool(),
        }
    }

    pub(super) fn list(&self) -> Option<Vec<&str>> {
        match self.raw {
            Raw::Text(text) => Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()),
            Raw::Toml(item) => item.as_array()?.iter().map(TomlValue::as_str).collect(),
        }
    }

    /// Pairs of a table, or of `name=value,name=value`.
    pub(super) fn pairs(&self) -> Option<Vec<(&str, &str)>> {
        match self.raw {
            Raw::Text(text) => text
                .split(',')
                .filter(|pair| !pair.trim().is_empty())
                .map(|pair| pair.split_once('=').map(|(name, value)| (name.trim(), value.trim())))
                .collect(),
            Raw::Toml(item) => {
                item.as_table_like()?.iter().map(|(name, item)| Some((name, item.as_str()?))).collect()
            }
        }
    }
}

/// A type of value.
pub(super) trait Value: Sized {
    /// How carefully to handle it.
    const CARE: Care = Care::Plain;

    /// Reads the value, or says what would do.
    fn read(found: &Found<'_>) -> Result<Self, Wanted>;

    /// Whether this very value must not be seen; a URL is a secret only while a password stands in it.
    fn is_secret(&self) -> bool {
        Self::CARE == Care::Secret
    }

    /// The value as `config show` prints it.
    fn text(&self) -> String;

    /// The value as the configuration file writes it; never asked of a secret.
    fn toml(&self) -> TomlValue {
        self.text().into()
    }
}

/// One place in a section that holds a value: a [`Value`], or an optional one.
pub(super) trait Setting {
    /// How carefully to handle the value.
    fn care(&self) -> Care;
    /// Whether this very value must not be seen.
    fn is_secret(&self) -> bool;
    /// Puts the value found in its place, or says what would do.
    fn set(&mut self, found: &Found<'_>) -> Result<(), Wanted>;
    /// The value as `config show` prints it; `None` when it is not set.
    fn text(&self) -> Option<String>;
    /// The value as the configuration file writes it; an empty text when it is not set.
    fn toml(&self) -> TomlValue;
}

impl<T: Value> Setting for T {
    fn care(&self) -> Care {
        T::CARE
    }

    fn is_secret(&self) -> bool {
        Value::is_secret(self)
    }

    fn set(&mut self, found: &Found<'_>) -> Result<(), Wanted> {
        *self = T::read(found)?;
        Ok(())
    }

    fn text(&self) -> Option<String> {
        Some(Value::text(self))
    }

    fn toml(&self) -> TomlValue {
        Value::toml(self)
    }
}

/// Optional values: an empty text means that the value is not set, so that an environment can take back
/// what the file says, and a template that fills in nothing does no harm.
impl<T: Value> Setting for Option<T> {
    fn care(&self) -> Care {
        T::CARE
    }

    fn is_secret(&self) -> bool {
        self.as_ref().is_some_and(Value::is_secret)
    }

    fn set(&mut self, found: &Found<'_>) -> Result<(), Wanted> {
        *self = if found.text() == Some("") { None } else { Some(T::read(found)?) };
        Ok(())
    }

    fn text(&self) -> Option<String> {
        self.as_ref().map(Value::text)
    }

    fn toml(&self) -> TomlValue {
        self.as_ref().map_or_else(|| "".into(), Value::toml)
    }
}

/// A value that is one of a few words. Messages list the words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// Each word with its value.
    const CHOICES: &'static [(&'static str, Self)];
}

impl<T: Choice> Value for T {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let word = found.text().map(str::trim);
        let choice = T::CHOICES.iter().find(|(known, _)| Some(*known) == word);
        choice.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<_> = T::CHOICES.iter().map(|(known, _)| format!("\"{known}\"")).collect();
            format!("must be {}", known.join(" or "))
        })
    }

    fn text(&self) -> String {
        let choice = T::CHOICES.iter().find(|(_, value)| value == self);
        choice.map(|(known, _)| (*known).to_owned()).unwrap_or_default()
    }
}

/// Whole numbers; the type's own range is the limit, sections narrow it.
macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl Value for $number {
            fn read(found: &Found<'_>) -> Result<Self, Wanted> {
                found
                    .integer()
                    .and_then(|number| Self::try_from(number).ok())
                    .ok_or_else(|| format!("must be a whole number from {} to {}", Self::MIN, Self::MAX))
            }

            fn text(&self) -> String {
                self.to_string()
            }

            fn toml(&self) -> TomlValue {
                i64::try_from(*self).unwrap_or(i64::MAX).into()
            }
        }
    )+};
}
whole_numbers!(u16, u32, usize);

impl Value for bool {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        found.boolean().ok_or_else(|| "must be true or false".to_owned())
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn toml(&self) -> TomlValue {
        (*self).into()
    }
}

impl Value for String {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let text = found.text().filter(|text| !text.is_empty() && !text.contains(char::is_control));
        text.map(str::to_owned).ok_or_else(|| "must be a text of one line".to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl Value for Secret {
    const CARE: Care = Care::Secret;

    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let text = found.text().filter(|text| !text.is_empty() && !text.contains(char::is_control));
        text.map(Self::new).ok_or_else(|| "must be a text of one line (the value is not shown)".to_owned())
    }

    fn text(&self) -> String {
        "(set)".to_owned()
    }
}

impl Value for Duration {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        found
            .text()
            .and_then(|text| text.trim().parse::<SignedDuration>().ok())
            .and_then(|length| Self::try_from(length).ok())
            .filter(|length| *length <= LONGEST)
            .ok_or_else(|| {
                "must be a length of time with its unit, such as 500ms, 10s, 2m or 1h, at most a week"
                    .to_owned()
            })
    }

    fn text(&self) -> String {
        shown_length(*self)
    }
}

/// A length of time the way the configuration file writes it: `30m`, `1m 30s`.
pub(super) fn shown_length(length: Duration) -> String {
    SignedDuration::try_from(length).map_or_else(|_| format!("{length:?}"), |length| format!("{length:#}"))
}

impl Value for PathBuf {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let path = found.text().ok_or_else(|| "must be the path of a file".to_owned())?;
        let path = resolved(path, found.base)?;
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Err("must name a file; this is a directory".to_owned()),
            Ok(_) => Ok(path),
            Err(error) => Err(format!("must name a file that can be read; {}: {error}", path.display())),
        }
    }

    fn text(&self) -> String {
        self.display().to_string()
    }
}

/// `path` made absolute, starting from `base`.
pub(super) fn resolved(path: &str, base: &Path) -> Result<PathBuf, Wanted> {
    if path.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if path.starts_with('~') {
        return Err("must be the whole path: `~` is expanded by shells only".to_owned());
    }
    std::path::absolute(base.join(path)).map_err(|error| format!("must be a path; {error}"))
}

impl Value for Version {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let text =
            found.text().ok_or_else(|| "must be a version in quotes, such as \"11.1.4-h7\"".to_owned())?;
        text.trim().parse::<Self>().map_err(|error| format!("must be a PAN-OS version: {error}"))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Value for Vec<JobType> {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let known = || JobType::ALL.map(JobType::as_str).join(", ");
        let words = found.list().filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| format!("must be a list of one or more of: {}", known()))?;
        let mut types = Self::new();
        for word in words {
            let job_type = word.parse().map_err(|error| format!("{error}"))?;
            if !types.contains(&job_type) {
                types.push(job_type);
            }
        }
        Ok(types)
    }

    fn text(&self) -> String {
        self.iter().map(|job_type| job_type.as_str()).collect::<Vec<_>>().join(",")
    }

    fn toml(&self) -> TomlValue {
        self.iter().map(|job_type| job_type.as_str()).collect()
    }
}
