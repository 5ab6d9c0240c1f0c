//! `request license info`: what a device may do, and until when.
//!
//! Promises: the authorisation codes that come with the list are not read, because they are secrets. Leaves
//! to others: dates, which are text here, and whether the support contract holds
//! ([`Client::support_check`]): a licence is not needed for every image, a contract is.

use super::{Command, bounded, need, need_value, says_yes};
use crate::client::Client;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::limits::MAX_LICENSES;
use crate::xml::Element;

/// Not quotable: an answer that cannot be read may hold an authorisation code all the same.
const COMMAND: Command = Command { quotable: false, ..Command::ordinary("request license info") };
const XML: &str = "<request><license><info></info></license></request>";

/// One licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// As in `Threat Prevention`.
    pub feature: String,
    /// What it allows.
    pub description: Option<String>,
    /// The device it is for.
    pub serial: Option<String>,
    /// As in `January 12, 2026`.
    pub issued: Option<String>,
    /// As in `December 31, 2027`, or `Never`.
    pub expires: Option<String>,
    /// Whether it has run out, by the device's clock.
    pub expired: bool,
}

impl Client {
    /// Lists the licences of a device; an unlicensed one has none. Does not contact the update server.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn licenses(&self) -> Result<Vec<License>, PanosError> {
        self.op(&COMMAND, XML, read).await
    }
}

pub(crate) fn read(response: &Element) -> Result<Vec<License>, Missing> {
    bounded(need(response, &["result", "licenses"])?, "entry", MAX_LICENSES)?.map(read_entry).collect()
}

fn read_entry(entry: &Element) -> Result<License, Missing> {
    Ok(License {
        feature: need_value(entry, "feature")?,
        description: entry.remark("description"),
        serial: entry.known("serial"),
        issued: entry.known("issued"),
        expires: entry.known("expires"),
        expired: says_yes(entry, "expired"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{missing, read_both};

    #[test]
    fn licences_are_read_without_their_codes() {
        let licenses = read_both(include_str!("../../fixtures/licenses.xml"), read).unwrap();
        let [support, threat] = licenses.as_slice() else { panic!("{licenses:?}") };
        assert_eq!(
            (support.feature.as_str(), support.expires.as_deref()),
            ("Premium", Some("December 31, 2027"))
        );
        assert!(!support.expired && threat.expired);
        assert!(!format!("{licenses:?}").contains("I0000000"), "{licenses:?}");
    }

    #[test]
    fn an_unlicensed_device_has_an_empty_list_and_no_list_is_unexpected() {
        let none = "<response status=\"success\"><result><licenses/></result></response>";
        assert_eq!(read_both(none, read), Ok(Vec::new()));
        assert!(missing("<response status='success'><result/></response>", read).contains("licenses"));
    }
}
