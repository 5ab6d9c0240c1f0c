//! Asking devices themselves, one or a fleet of them.
//!
//! Promises: a box is believed only after its serial was compared; nothing is changed on it; a device that does
//! not answer harms no other. While log-ins are refused only a few are tried at a time, and after some refusals
//! in a row none any more: a wrong password would lock an account on every device. Leaves to others: what to make
//! of the answers ([`common::intake::plan`], [`crate::stage`]).

mod gate;

use common::intake::plan;
use std::future::Future;

use common::config::Config;
use common::domain::device::Device;
use common::domain::image::SoftwareListing;
use common::domain::version::Version;
use common::report::Chain;
use futures_util::{StreamExt, stream};
use panos::{Client, PanosError, SystemInfo};
use worker::border;
use worker::device::{Connector, ConnectorError};

pub(crate) use gate::{LoginGate, is_refused_login};

use crate::progress::Progress;

/// Devices asked at once: each is one connection and mostly waits for its update server.
const CONCURRENCY: usize = 50;

/// Why a device was not asked, or is not believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSeen {
    /// The inventory does not say where it is.
    #[error("the inventory has no management address")]
    NoAddress,
    /// The address or the login cannot be used.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// It did not answer, or not as it should.
    #[error(transparent)]
    Panos(#[from] PanosError),
    /// Another box answers.
    #[error("{address} answers as device {found}, not as {expected}")]
    WrongDevice {
        /// Where.
        address: String,
        /// Its serial, or what it says in place of one.
        found: String,
        /// The device that was meant.
        expected: String,
    },
    /// What it runs is no version.
    #[error("the device runs {found}, which is not a PAN-OS version")]
    VersionUnreadable {
        /// As the device says.
        found: String,
    },
    /// It was not tried: too many log-ins had been refused.
    #[error("not asked, because log-ins were refused, {refused} in a row at that moment")]
    Stopped {
        /// How many.
        refused: u32,
    },
}

impl NotSeen {
    /// The reason as a stable word.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoAddress => plan::NO_ADDRESS,
            Self::Connector(_) => "not_configured",
            Self::Panos(error) => of_panos(error),
            Self::WrongDevice { .. } => "wrong_device",
            Self::VersionUnreadable { .. } => plan::VERSION_UNREADABLE,
            Self::Stopped { .. } => "refused_logins",
        }
    }

    /// What to do next.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::NoAddress => plan::no_address().2,
            Self::Panos(error) => crate::failure::of_panos(error).1.unwrap_or_default().to_owned(),
            Self::Connector(error) => crate::failure::of_connector(error).1.unwrap_or_default(),
            Self::WrongDevice { .. } => {
                "correct the address in Panorama, or set it: `panos-upgrade device address SERIAL ADDRESS --reason TEXT`"
                    .to_owned()
            }
            Self::VersionUnreadable { .. } => "look at what answers at this address".to_owned(),
            Self::Stopped { .. } => {
                "check user and password or the API key with one device, `panos-upgrade path show SERIAL`"
                    .to_owned()
            }
        }
    }

    /// The whole of it, causes included.
    pub(crate) fn message(&self) -> String {
        Chain(self).to_string()
    }
}

fn of_panos(error: &PanosError) -> &'static str {
    match error {
        PanosError::NoAnswer { .. } => "unreachable",
        PanosError::Tls { .. } => "tls",
        PanosError::Refused { .. } if is_refused_login(error) => "credentials",
        PanosError::Refused { .. } => "refused",
        PanosError::UnexpectedAnswer { .. } | PanosError::TooLarge { .. } => "unexpected_answer",
        PanosError::Setup { .. } => "not_configured",
    }
}

/// A device that has shown that it is the one, and the way to it.
pub(crate) struct Met {
    pub(crate) client: Client,
    pub(crate) info: SystemInfo,
}

impl Met {
    /// What it runs.
    ///
    /// # Errors
    /// [`NotSeen::VersionUnreadable`].
    pub(crate) fn runs(&self) -> Result<Version, NotSeen> {
        let found = &self.info.sw_version;
        found.parse().map_err(|_| NotSeen::VersionUnreadable { found: found.clone() })
    }
}

/// Asks a device who it is.
///
/// # Errors
/// [`NotSeen`], for every reason not to believe what answers.
pub(crate) async fn meet(connector: &Connector, device: &Device, gate: &LoginGate) -> Result<Met, NotSeen> {
    let address = device.address.as_deref().ok_or(NotSeen::NoAddress)?;
    let client = connector.firewall(address, &device.serial)?;
    let turn = gate.enter().await.map_err(|refused| NotSeen::Stopped { refused })?;
    let answer = client.system_info().await;
    turn.ended(answer.as_ref().err());
    let info = answer?;
    if info.serial.as_deref() != Some(device.serial.as_str()) {
        return Err(NotSeen::WrongDevice {
            address: address.to_owned(),
            found: info.serial.unwrap_or_else(|| "without a serial".to_owned()),
            expected: device.serial.to_string(),
        });
    }
    Ok(Met { client, info })
}

/// The list that a device gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// As it remembers it.
    Remembered,
    /// After a check with the update server.
    Checked,
}

/// What a device lists.
pub(crate) struct Listed {
    pub(crate) listing: SoftwareListing,
    /// Why it did not check with its update server where it was to: the list may be old, or empty.
    pub(crate) not_checked: Option<PanosError>,
}

/// Asks for the device's list. Where a device refuses to check, as one without a way to its update server does,
/// the list as it remembers it has to do.
///
/// # Errors
/// What the calls may meet.
pub(crate) async fn listing(client: &Client, which: List) -> Result<Listed, PanosError> {
    let (list, not_checked) = match which {
        List::Remembered => (client.software_info().await?, None),
        List::Checked => match client.software_check().await {
            Err(refused @ PanosError::Refused { .. }) => (client.software_info().await?, Some(refused)),
            checked => (checked?, None),
        },
    };
    Ok(Listed { listing: border::listing(list), not_checked })
}

/// A gate as configured.
pub(crate) fn gate(config: &Config) -> LoginGate {
    LoginGate::new(config.firewall.refusals_before_hold, CONCURRENCY)
}

/// Asks each of `devices` in its own way, several at once, with a bar; answers in no order.
pub(crate) async fn all<D, A, F: Future<Output = A>>(devices: Vec<D>, one: impl Fn(D) -> F) -> Vec<A> {
    let progress = Progress::of(devices.len(), "asking devices");
    let (progress, one) = (&progress, &one);
    stream::iter(devices)
        .map(|device| async move {
            let answer = one(device).await;
            progress.add(1);
            answer
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await
}
