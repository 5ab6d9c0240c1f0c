//! A firewall as the inventory knows it.
//!
//! Promises: a [`Serial`] can be a ledger key wherever it came from. Leaves to others: reading Panorama's
//! answer or a CSV file, and asking the device itself; what stands here may be out of date, and the worker
//! compares the serial with the live one before it writes anything to a device.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    input::quoted,
    version::{Version, VersionError},
};

/// Longest serial accepted. Hardware has 12 digits, VMs 15; cloud licences use longer ones with letters.
const MAX_SERIAL_LEN: usize = 32;

/// Serial number of a firewall, as `show system info` prints it.
///
/// Never empty and never `unknown`, which a VM without a licence reports: the only way in is
/// [`Serial::parse`], so every `Serial` in the program can be a ledger key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(description = "Serial number of a firewall, as `show system info` prints it.", extend("minLength" = 1, "maxLength" = 32))]
pub struct Serial(String);

/// Chain of the audit trail that belongs to no device; a device of this name would share it.
const RESERVED: &str = "system";

impl Serial {
    /// Reads 1 to 32 characters of `A-Z a-z 0-9 - _`, white space around them aside.
    ///
    /// # Errors
    /// [`SerialError`] says what stands there instead of a serial.
    pub fn parse(text: &str) -> Result<Self, SerialError> {
        let serial = text.trim();
        if serial.is_empty() {
            Err(SerialError::Empty)
        } else if serial.eq_ignore_ascii_case("unknown") {
            Err(SerialError::Unknown)
        } else if serial.eq_ignore_ascii_case(RESERVED) {
            Err(SerialError::Reserved)
        } else if serial.len() > MAX_SERIAL_LEN || !serial.bytes().all(is_serial_byte) {
            Err(SerialError::Form { input: quoted(text) })
        } else {
            Ok(Self(serial.to_owned()))
        }
    }

    /// The serial as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_serial_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Serial {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Serial {
    type Error = SerialError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.0
    }
}

/// The text is no serial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// Nothing but white space.
    #[error("the serial is empty")]
    Empty,
    /// The device has no serial, because it has no licence.
    #[error("the serial is `unknown`, which a VM without a licence reports: license it first")]
    Unknown,
    /// The name of the audit chain of what belongs to no device.
    #[error("`system` is not a serial: the audit trail uses this name for itself")]
    Reserved,
    /// Characters or a length that no serial has.
    #[error("{input} is not a serial: 1 to 32 characters of A-Z a-z 0-9 - _")]
    Form {
        /// What was found, quoted and cut.
        input: String,
    },
}

/// Whether a firewall is one of a pair. Panorama tells it for nothing, with the peer's serial.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ha {
    /// Alone: Panorama's `ha` element is absent or its state is `no`.
    Standalone,
    /// One of a pair.
    Member {
        /// As the device names it: `active`, `passive`, `active-primary`, `suspended` and others.
        state: String,
        /// The other one, where known.
        peer: Option<Serial>,
    },
}

impl Ha {
    /// `standalone`, or the state of the member.
    pub fn state(&self) -> &str {
        match self {
            Self::Standalone => "standalone",
            Self::Member { state, .. } => state,
        }
    }

    /// The serial of the other member, where there is one and it is known.
    pub fn peer(&self) -> Option<&Serial> {
        match self {
            Self::Standalone => None,
            Self::Member { peer, .. } => peer.as_ref(),
        }
    }
}

/// Where a device in the inventory came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Panorama's list of devices.
    Panorama,
    /// A CSV file.
    Csv,
}

impl Source {
    /// The name it has in files, selections and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Panorama => "panorama",
            Self::Csv => "csv",
        }
    }
}

/// A firewall in the inventory.
///
/// A device that Panorama has lost contact with often comes without hostname, address, model and version:
/// those texts are then empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// The key.
    pub serial: Serial,
    /// A label: may be empty, hold blanks or any script, and occur twice.
    pub hostname: String,
    /// Where its management interface answers; `None` when Panorama says `unknown` or nothing.
    pub address: Option<String>,
    /// As the device writes it, for example `PA-440`.
    pub model: String,
    /// What it ran when the inventory was made, exactly as reported: unparsable text is told, not dropped.
    pub sw_version: String,
    /// Alone or one of a pair.
    pub ha: Ha,
    /// Whether it has several virtual systems.
    pub multi_vsys: bool,
    /// Whether Panorama had contact with it.
    pub connected: bool,
    /// Who told us of it.
    pub source: Source,
}

impl Device {
    /// The version it ran, parsed.
    ///
    /// # Errors
    /// [`VersionError`] when the inventory holds something else, or nothing.
    pub fn version(&self) -> Result<Version, VersionError> {
        self.sw_version.parse()
    }

    /// What people call it: hostname and serial, or the serial alone.
    pub fn label(&self) -> String {
        if self.hostname.is_empty() {
            self.serial.to_string()
        } else {
            format!("{} ({})", self.hostname, self.serial)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_serial_is_trimmed_and_otherwise_kept() {
        for (text, serial) in
            [("007900000100112", "007900000100112"), (" 0123\n", "0123"), ("CE9-a_1", "CE9-a_1")]
        {
            assert_eq!(Serial::parse(text).unwrap().as_str(), serial);
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_no_serial() {
        for text in
            ["", " \t", "unknown", " Unknown ", "system", "0079/1", "00 79", "0079;", "é", &"1".repeat(33)]
        {
            let error = Serial::parse(text).expect_err(text);
            assert!(serde_json::from_value::<Serial>(text.into()).is_err(), "{error}");
        }
        assert!(Serial::parse(&"1".repeat(32)).is_ok());
    }

    #[test]
    fn a_device_reads_back_from_its_json() {
        let device = Device {
            serial: Serial::parse("007900000100112").unwrap(),
            hostname: "edge 1".to_owned(),
            address: None,
            model: "PA-440".to_owned(),
            sw_version: "11.1.4-h7".to_owned(),
            ha: Ha::Member {
                state: "passive".to_owned(),
                peer: Some(Serial::parse("007900000100113").unwrap()),
            },
            multi_vsys: false,
            connected: true,
            source: Source::Panorama,
        };
        let json = serde_json::to_value(&device).unwrap();
        assert_eq!(json["serial"], "007900000100112");
        assert_eq!(json["source"], Source::Panorama.as_str());
        assert_eq!(json["ha"]["state"], device.ha.state());
        assert_eq!(serde_json::from_value::<Device>(json).unwrap(), device);
        assert_eq!(device.label(), "edge 1 (007900000100112)");
        assert_eq!(device.version().unwrap().to_string(), device.sw_version);
    }

    proptest! {
        #[test]
        fn whatever_parses_parses_again_to_the_same(text in any::<String>()) {
            if let Ok(serial) = Serial::parse(&text) {
                prop_assert_eq!(Serial::parse(serial.as_str()), Ok(serial));
            }
        }
    }
}
