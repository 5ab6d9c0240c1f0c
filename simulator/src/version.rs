//! PAN-OS versions: grammar and order, read a second time.
//!
//! Knows nothing of which versions exist ([`crate::images`]). `.xfr` builds are not versions here: a list may
//! show one as text, nothing ever downloads it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `MAJOR.MINOR.PATCH[-hN|-bN|-cN]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Feature release, the part that decides about base images.
    pub train: Train,
    /// Maintenance release.
    pub patch: u16,
    /// What follows the dash.
    pub suffix: Suffix,
}

/// A feature release such as 11.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Train {
    /// 11 of 11.1.
    pub major: u16,
    /// 1 of 11.1.
    pub minor: u16,
}

/// What follows the dash; in the order of the vendor's own Python library: c < b < release < h.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suffix {
    /// `-cN`, a custom build.
    Custom(u16),
    /// `-bN`, a beta.
    Beta(u16),
    /// None.
    Release,
    /// `-hN`, a hotfix; compared as a number, so h10 comes after h9.
    Hotfix(u16),
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a PAN-OS version (like 11.1.4 or 11.1.4-h7)")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        parse(text).ok_or_else(|| VersionError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Version> {
    let (numbers, suffix) = match text.split_once('-') {
        None => (text, Suffix::Release),
        Some((numbers, suffix)) => {
            let count = |rest: &str| rest.parse().ok();
            let suffix = match suffix.split_at_checked(1)? {
                ("h", rest) => Suffix::Hotfix(count(rest)?),
                ("b", rest) => Suffix::Beta(count(rest)?),
                ("c", rest) => Suffix::Custom(count(rest)?),
                _ => return None,
            };
            (numbers, suffix)
        }
    };
    let mut numbers = numbers.split('.').map(|number| number.parse::<u16>().ok());
    let version = Version {
        train: Train { major: numbers.next()??, minor: numbers.next()?? },
        patch: numbers.next()??,
        suffix,
    };
    numbers.next().is_none().then_some(version)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.train, self.patch)?;
        match self.suffix {
            Suffix::Custom(n) => write!(f, "-c{n}"),
            Suffix::Beta(n) => write!(f, "-b{n}"),
            Suffix::Release => Ok(()),
            Suffix::Hotfix(n) => write!(f, "-h{n}"),
        }
    }
}

impl fmt::Display for Train {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_and_suffix() {
        let ascending =
            ["10.2.9-h1", "11.1.4-c2", "11.1.4-b3", "11.1.4", "11.1.4-h9", "11.1.4-h10", "11.1.5"];
        let versions: Vec<Version> = ascending.iter().map(|text| text.parse().unwrap()).collect();
        assert!(versions.is_sorted());
        assert_eq!(versions.iter().map(Version::to_string).collect::<Vec<_>>(), ascending);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "11", "11.1", "11.1.4.xfr", "11.1.4-", "11.1.4-x1", "11.1.4-h", "11.1.4.5", "a.b.c"]
        {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
