//! `type=version`: the cheapest question that a key is good for, and a firewall's shortest answer.
//!
//! Leaves to others: everything else about the device; [`SystemInfo`](crate::SystemInfo) has it.

use super::{Command, need, need_value, says_yes};
use crate::client::Client;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::transport::Sent;
use crate::xml::Element;

const COMMAND: Command = Command::ordinary("version");

/// A device's identity in four fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionInfo {
    /// The running version.
    pub sw_version: String,
    /// Lower case here (`pa-vm`), where `show system info` says `PA-VM` (usage guide 9.1).
    pub model: Option<String>,
    /// None when the device says `unknown`.
    pub serial: Option<String>,
    /// Whether virtual systems are switched on.
    pub multi_vsys: bool,
}

impl Client {
    /// Asks for version, model and serial. Behind Panorama this is about Panorama itself, because only
    /// operational commands are passed on.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn version(&self) -> Result<VersionInfo, PanosError> {
        self.call(&COMMAND, &Sent::Form(&[("type", "version")]), read).await
    }
}

pub(crate) fn read(response: &Element) -> Result<VersionInfo, Missing> {
    let result = need(response, &["result"])?;
    Ok(VersionInfo {
        sw_version: need_value(result, "sw-version")?,
        model: result.known("model"),
        serial: result.known("serial"),
        multi_vsys: says_yes(result, "multi-vsys"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{missing, read_both};

    #[test]
    fn a_version_answer_is_read() {
        let info = read_both(include_str!("../../fixtures/version.xml"), read).unwrap();
        assert_eq!(
            info,
            VersionInfo {
                sw_version: "10.2.9-h1".into(),
                model: Some("pa-vm".into()),
                serial: Some("007900000100112".into()),
                multi_vsys: false,
            }
        );
        assert!(missing("<response status='success'><result/></response>", read).contains("sw-version"));
    }
}
