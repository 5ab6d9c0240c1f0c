//! `show high-availability state`: the device's role in its pair, and its peer.
//!
//! Promises: `enabled` decides first, because a disabled device may still describe itself; firewalls
//! (below `<group>`) and Panoramas (without) are read alike. Leaves to others: pairing. No recorded
//! answer has a serial number in it, so pairs are found by Panorama's list ([`ManagedDevice`]) or by
//! management addresses.
//!
//! [`ManagedDevice`]: crate::ManagedDevice

use super::{Command, need, need_value, says_yes};
use crate::client::Client;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::redact::field;
use crate::xml::Element;

const COMMAND: Command = Command::ordinary("show high-availability state");
const XML: &str = "<show><high-availability><state></state></high-availability></show>";
const SUSPEND: Command = Command::ordinary("request high-availability state suspend");
const SUSPEND_XML: &str =
    "<request><high-availability><state><suspend></suspend></state></high-availability></request>";
const FUNCTIONAL: Command = Command::ordinary("request high-availability state functional");
const FUNCTIONAL_XML: &str =
    "<request><high-availability><state><functional></functional></state></high-availability></request>";

/// High availability as one member sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HaState {
    /// Not in a pair. Also told for a moment after a reboot, before a member finds its peer.
    Disabled,
    /// In a pair.
    Enabled(Box<HaPair>),
}

/// A pair, as one member sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaPair {
    /// `Active-Passive` or `Active-Active`; none on Panorama.
    pub mode: Option<String>,
    /// This member.
    pub local: HaMember,
    /// The other member, as far as this one knows.
    pub peer: Option<HaMember>,
    /// Whether this member has a connection to the other (`conn-status` is `up`).
    pub peer_connected: bool,
    /// `synchronized`, `not synchronized`, `synchronization in progress`: the configuration.
    pub running_sync: Option<String>,
    /// `Complete` once sessions are taken over; firewalls only.
    pub state_sync: Option<String>,
}

/// One member of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaMember {
    /// What it does at the moment.
    pub role: HaRole,
    /// The management address, without the mask that firewalls append.
    pub mgmt_ip: Option<String>,
    /// The running version.
    pub sw_version: Option<String>,
    /// As in `PA-VM`; none on Panorama.
    pub model: Option<String>,
}

/// What a member of a pair does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HaRole {
    /// Forwards traffic, in an active-passive pair.
    Active,
    /// Stands by, in an active-passive pair.
    Passive,
    /// First of two that forward.
    ActivePrimary,
    /// Second of two that forward.
    ActiveSecondary,
    /// Has just started.
    Initial,
    /// Cannot forward some traffic for a moment.
    Tentative,
    /// Is out of order.
    NonFunctional,
    /// Was taken out by an administrator or by itself.
    Suspended,
    /// The primary Panorama, active.
    PrimaryActive,
    /// The secondary Panorama, passive.
    SecondaryPassive,
    /// None of the known words.
    Other(String),
}

impl Client {
    /// Asks for the device's role in its pair.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn ha_state(&self) -> Result<HaState, PanosError> {
        self.op(&COMMAND, XML, read).await
    }

    /// Takes the device out of its pair, so that the peer takes over. It shows in [`Client::ha_state`] as
    /// [`HaRole::Suspended`].
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn ha_suspend(&self) -> Result<(), PanosError> {
        self.op(&SUSPEND, SUSPEND_XML, |_| Ok(())).await
    }

    /// Puts a suspended device back into its pair.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn ha_functional(&self) -> Result<(), PanosError> {
        self.op(&FUNCTIONAL, FUNCTIONAL_XML, |_| Ok(())).await
    }
}

pub(crate) fn read(response: &Element) -> Result<HaState, Missing> {
    let result = need(response, &["result"])?;
    need_value(result, "enabled")?;
    if !says_yes(result, "enabled") {
        return Ok(HaState::Disabled);
    }
    let group = result.child("group").unwrap_or(result);
    let local_info = group.child("local-info").ok_or_else(|| Missing::element("local-info"))?;
    let peer_info = group.child("peer-info");
    Ok(HaState::Enabled(Box::new(HaPair {
        mode: group.known("mode").or_else(|| local_info.known("mode")),
        local: member(local_info)?,
        peer: peer_info.and_then(|peer| member(peer).ok()),
        peer_connected: peer_info
            .and_then(|peer| peer.value("conn-status"))
            .is_some_and(|status| status.eq_ignore_ascii_case("up")),
        running_sync: group.known("running-sync"),
        state_sync: local_info.known("state-sync"),
    })))
}

fn member(info: &Element) -> Result<HaMember, Missing> {
    Ok(HaMember {
        role: role(&need_value(info, "state")?),
        mgmt_ip: info.known("mgmt-ip").map(|address| match address.split_once('/') {
            Some((address, _mask)) => address.to_owned(),
            None => address,
        }),
        sw_version: info.known("build-rel"),
        model: info.known("platform-model"),
    })
}

fn role(text: &str) -> HaRole {
    match text.to_ascii_lowercase().as_str() {
        "active" => HaRole::Active,
        "passive" => HaRole::Passive,
        "active-primary" => HaRole::ActivePrimary,
        "active-secondary" => HaRole::ActiveSecondary,
        "initial" => HaRole::Initial,
        "tentative" => HaRole::Tentative,
        "non-functional" => HaRole::NonFunctional,
        "suspended" => HaRole::Suspended,
        "primary-active" => HaRole::PrimaryActive,
        "secondary-passive" => HaRole::SecondaryPassive,
        _ => HaRole::Other(field(text)),
    }
}

#[cfg(test)]
mod tests;
