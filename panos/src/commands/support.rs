//! `request support check`: whether the device reaches its update server and is entitled to images.
//!
//! Promises: an update server that does not know the device is a refusal, although the answer says
//! success. Leaves to others: dates, which are text here, and licences of single features.

use super::{Command, need};
use crate::classify::{Refusal, classify_text};
use crate::client::Client;
use crate::envelope::{Missing, Reading};
use crate::error::PanosError;
use crate::xml::Element;

const COMMAND: Command = Command::slow("request support check");
const XML: &str = "<request><support><check></check></support></request>";

/// The support contract, as the update server tells it to the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportInfo {
    /// As in `December 31, 2027`.
    pub expires: Option<String>,
    /// As in `Premium`.
    pub level: Option<String>,
    /// What the contract covers, or why there is none.
    pub description: Option<String>,
}

impl Client {
    /// Makes the device ask its update server about the support contract.
    ///
    /// # Errors
    /// [`Refusal::Entitlement`] when the server does not know the device, [`Refusal::UpdateServer`] when
    /// the device does not reach it; else any [`PanosError`].
    pub async fn support_check(&self) -> Result<SupportInfo, PanosError> {
        let support = self.op(&COMMAND, XML, read).await?;
        entitled(support, self.endpoint().to_string(), &self.reading(&COMMAND))
    }
}

/// Support for a device that the server knows; an answer about any other has no level and says why.
pub(crate) fn entitled(
    support: SupportInfo,
    host: String,
    reading: &Reading,
) -> Result<SupportInfo, PanosError> {
    let description = support.description.as_deref().unwrap_or_default();
    if support.level.is_none() && classify_text(description, &reading.messages) == Refusal::Entitlement {
        return Err(PanosError::Refused {
            host,
            command: COMMAND.name,
            refusal: Refusal::Entitlement,
            message: reading.redactor.message(description),
        });
    }
    Ok(support)
}

pub(crate) fn read(response: &Element) -> Result<SupportInfo, Missing> {
    let support = need(response, &["result", "SupportInfoResponse", "Support"])?;
    Ok(SupportInfo {
        expires: support.known("ExpiryDate"),
        level: support.known("SupportLevel"),
        description: support.remark("SupportDescription"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{missing, read_both};

    #[test]
    fn a_valid_contract_is_read() {
        let support = read_both(include_str!("../../fixtures/support_valid.xml"), read).unwrap();
        assert_eq!(support.expires.as_deref(), Some("December 31, 2027"));
        assert_eq!(support.level.as_deref(), Some("Premium"));
    }

    #[test]
    fn a_device_unknown_to_the_server_has_only_a_description() {
        let support = read_both(include_str!("../../fixtures/support_unknown_device.xml"), read).unwrap();
        assert_eq!((support.expires, support.level), (None, None));
        assert_eq!(
            classify_text(&support.description.unwrap(), &crate::Messages::default()),
            Refusal::Entitlement
        );
        assert!(missing("<response status='success'><result/></response>", read).contains("Support"));
    }
}
