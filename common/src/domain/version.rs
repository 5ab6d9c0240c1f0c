//! PAN-OS versions and trains: parsed once, ordered as the vendor orders them, printed as they came.
//!
//! Promises: `Display` gives back exactly the text that was parsed; the order is total; a version read from
//! JSON has passed the same parser. Leaves to others: which versions a device can get
//! ([`image::SoftwareListing`](super::image::SoftwareListing)) and how to get from one to another
//! ([`path`](super::path)). Release dates play no part: hotfixes of old releases come out long after newer
//! maintenance releases (10.2.0-h3 and 10.2.3-h13 carry one date in the public list panos-versions, 2024).

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::quoted;

/// Longest version text accepted, in bytes. The longest known ones have 11 (`10.2.13-h10`).
const MAX_LEN: usize = 32;

/// A feature release: the first two numbers of a version, `11.1` of `11.1.4-h7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Train {
    /// `11` of `11.1`.
    pub major: u16,
    /// `1` of `11.1`.
    pub minor: u16,
}

/// Every train that was released and that fleets still run, in order. There is no 7.0.0, no 11.3 and no
/// 12.0, so the next train is looked up and never computed (endoflife.date/panos; 12.1 came on 2025-08-28).
/// A device's own list adds trains that are newer than this table.
pub const TRAINS: [Train; 10] = [
    Train::new(8, 1),
    Train::new(9, 0),
    Train::new(9, 1),
    Train::new(10, 0),
    Train::new(10, 1),
    Train::new(10, 2),
    Train::new(11, 0),
    Train::new(11, 1),
    Train::new(11, 2),
    Train::new(12, 1),
];

/// Trains whose base image is not X.Y.0. 12.1 has no usable 12.1.0; 11.2.10 to 12.1.4 over 12.1.2 was
/// confirmed on a device (PaloAltoNetworks/pan-os-ansible issue 665).
pub const BASE_OVERRIDES: [(Train, Version); 1] = [(Train::new(12, 1), Version::release(12, 1, 2))];

impl Train {
    /// The train `major.minor`, known or not.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Whether [`TRAINS`] has it.
    pub fn is_known(self) -> bool {
        TRAINS.contains(&self)
    }

    /// Whether it may have come out after [`TRAINS`] was written: newer than all of them, and not by more than
    /// one major number, which is a slip of the keyboard. One between two trains of the table does not exist.
    pub fn may_be_new(self) -> bool {
        TRAINS.last().is_some_and(|newest| self > *newest && self.major <= newest.major + 1)
    }

    /// The base image of this train as far as the tables know: the override, else X.Y.0. A device's list
    /// knows better ([`SoftwareListing::base_of`](super::image::SoftwareListing::base_of)).
    pub fn base(self) -> Version {
        BASE_OVERRIDES
            .iter()
            .find(|(train, _)| *train == self)
            .map_or(Version::release(self.major, self.minor, 0), |(_, base)| *base)
    }
}

impl fmt::Display for Train {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Train {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || TrainError { input: quoted(text) };
        let (major, minor) = text.split_once('.').ok_or_else(refused)?;
        Ok(Self { major: number(major).ok_or_else(refused)?, minor: number(minor).ok_or_else(refused)? })
    }
}

impl TryFrom<String> for Train {
    type Error = TrainError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Train> for String {
    fn from(train: Train) -> Self {
        train.to_string()
    }
}

/// The text is no train.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input} is not a PAN-OS train: write MAJOR.MINOR, for example 11.1")]
pub struct TrainError {
    input: String,
}

/// What follows the three numbers of a version. The order of the variants is the order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suffix {
    /// `-c65`: built for one customer; it has no public successor.
    Custom(u32),
    /// `-b36`: comes before the release.
    Beta(u32),
    /// `.xfr`: a transfer image in old lists, nothing a firewall upgrades to. Placed before the release so
    /// that it is never the newest of anything.
    Transfer,
    /// None: the release itself.
    Release,
    /// `-h7`: comes after the release and before the next patch.
    Hotfix(u32),
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(n) => write!(f, "-c{n}"),
            Self::Beta(n) => write!(f, "-b{n}"),
            Self::Transfer => f.write_str(".xfr"),
            Self::Release => Ok(()),
            Self::Hotfix(n) => write!(f, "-h{n}"),
        }
    }
}

/// A PAN-OS version: `MAJOR.MINOR.PATCH`, optionally with `-hN`, `-bN`, `-cN` or `.xfr`.
///
/// Ordered by the numbers and then by [`Suffix`]: `-c` and `-b` before the release, hotfixes after it by
/// number, so that `-h10` follows `-h9` (pan-os-python, `PanOSVersion.__lt__`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(description = "A PAN-OS version, for example `11.1.4-h7`.")]
pub struct Version {
    train: Train,
    patch: u16,
    suffix: Suffix,
}

impl Version {
    /// The release `major.minor.patch`, without a suffix.
    pub const fn release(major: u16, minor: u16, patch: u16) -> Self {
        Self { train: Train::new(major, minor), patch, suffix: Suffix::Release }
    }

    /// The same three numbers with another suffix.
    #[must_use]
    pub const fn with_suffix(self, suffix: Suffix) -> Self {
        Self { suffix, ..self }
    }

    /// The feature release it belongs to.
    pub const fn train(&self) -> Train {
        self.train
    }

    /// The third number.
    pub const fn patch(&self) -> u16 {
        self.patch
    }

    /// What follows the numbers.
    pub const fn suffix(&self) -> Suffix {
        self.suffix
    }

    /// Whether it is a release or a hotfix: what a path may stop at without anybody having asked for it.
    pub const fn is_public(&self) -> bool {
        match self.suffix {
            Suffix::Release | Suffix::Hotfix(_) => true,
            Suffix::Custom(_) | Suffix::Beta(_) | Suffix::Transfer => false,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{}{}", self.train, self.patch, self.suffix);
        f.pad(&text) // so that a table may align it
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || VersionError { input: quoted(text) };
        if text.len() > MAX_LEN {
            return Err(refused());
        }
        let (numbers, suffix) = split_suffix(text).ok_or_else(refused)?;
        let mut parts = numbers.split('.').map(number);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None) => {
                Ok(Self { train: Train::new(major, minor), patch, suffix })
            }
            _ => Err(refused()),
        }
    }
}

/// Cuts `11.1.4-h7` into `11.1.4` and the suffix; `None` for a suffix of no known form.
fn split_suffix(text: &str) -> Option<(&str, Suffix)> {
    if let Some(numbers) = text.strip_suffix(".xfr") {
        return Some((numbers, Suffix::Transfer));
    }
    let Some((numbers, suffix)) = text.split_once('-') else {
        return Some((text, Suffix::Release));
    };
    let suffix = match (suffix.get(..1)?, number(suffix.get(1..)?)?) {
        ("h", n) => Suffix::Hotfix(n),
        ("b", n) => Suffix::Beta(n),
        ("c", n) => Suffix::Custom(n),
        (_, _) => return None,
    };
    Some((numbers, suffix))
}

/// A decimal number as a version writes it: digits alone, no leading zero, so that printing gives it back.
fn number<N: FromStr>(digits: &str) -> Option<N> {
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

/// The text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{input} is not a PAN-OS version: write MAJOR.MINOR.PATCH, optionally with -hN (hotfix), -bN (beta), -cN (custom) or .xfr, for example 11.1.4-h7"
)]
pub struct VersionError {
    input: String,
}

#[cfg(test)]
pub(crate) mod tests;
