//! `show high-availability state`: with `<group>` on a firewall, without on Panorama.
//!
//! No answer holds a serial number: none was seen in any capture.

use super::Call;
use super::reply::Reply;
use super::xml::{elements, success};
use crate::counters::lock;
use crate::device::Readiness;
use crate::device::spec::HaRole;
use crate::faults::FaultKind;
use crate::world::World;

/// A firewall's answer.
pub fn firewall(call: &Call<'_>) -> Reply {
    let spec = &call.device.spec;
    let Some(ha) = &spec.ha else {
        return success(
            "<enabled>no</enabled><local-info><encrypt-imported>no</encrypt-imported></local-info>",
        );
    };
    let version = call.device.running().to_string();
    let mode = ha.role.mode();
    let (state, state_sync) = match call.device.readiness(call.now) {
        // As if there were no pair, until HA has started.
        Readiness::Starting => return success("<enabled>no</enabled>"),
        Readiness::Settling => ("initial", "Incomplete"),
        Readiness::Ready => (ha.role.as_str(), "Complete"),
    };
    let local = elements(&[
        ("url-compat", "Match"),
        ("app-version", "8915-9075"),
        ("build-rel", &version),
        ("ha1-ipaddr", &format!("{}/24", spec.address)),
        ("platform-model", spec.model.name),
        ("priority", priority(ha.role)),
        ("state", state),
        ("version", "1"),
        ("state-sync", state_sync),
        ("mgmt-ip", &format!("{}/24", spec.address)),
        ("state-duration", "44655"),
        ("mgmt-ipv6", ""),
        ("preemptive", "no"),
        ("mode", mode),
        ("build-compat", "Match"),
        ("app-compat", "Match"),
    ]);
    let peer = elements(&[
        ("app-version", "8915-9075"),
        ("build-rel", &version),
        ("platform-model", spec.model.name),
        ("priority", priority(ha.role.peer())),
        ("state", ha.role.peer().as_str()),
        ("version", "1"),
        ("conn-status", "up"),
        ("mgmt-ip", &format!("{}/24", ha.peer_address)),
    ]);
    let conn = elements(&[("conn-status", "up"), ("conn-primary", "yes"), ("conn-desc", "heartbeat status")]);
    let peer_end = elements(&[
        ("state-duration", "49561"),
        ("ha1-ipaddr", &ha.peer_address.to_string()),
        ("mgmt-ipv6", ""),
        ("preemptive", "no"),
        ("mode", mode),
    ]);
    success(&format!(
        "<enabled>yes</enabled><group><mode>{mode}</mode><local-info>{local}</local-info><peer-info>{peer}\
         <conn-ha1>{conn}</conn-ha1>{peer_end}</peer-info><link-monitoring><failure-condition>any</failure-condition>\
         <enabled>yes</enabled><groups/></link-monitoring><path-monitoring><virtual-wire/>\
         <failure-condition>any</failure-condition><enabled>yes</enabled><vlan/><virtual-router/></path-monitoring>\
         <running-sync>synchronized</running-sync><running-sync-enabled>yes</running-sync-enabled></group>"
    ))
}

/// The lower number leads.
fn priority(role: HaRole) -> &'static str {
    match role {
        HaRole::Active | HaRole::ActivePrimary => "90",
        HaRole::Passive | HaRole::ActiveSecondary => "100",
    }
}

/// Panorama's answer: no `<group>`, and the peer's address without a mask. Active, unless a fault says passive.
pub fn panorama(world: &World) -> Reply {
    let is_passive = lock(&world.panorama.faults).has(world.clock.now(), &FaultKind::Passive);
    let (state, peer_state) = if is_passive {
        ("secondary-passive", "primary-active")
    } else {
        ("primary-active", "secondary-passive")
    };
    let (own, other) = if is_passive { ("secondary", "primary") } else { ("primary", "secondary") };
    let local = elements(&[
        ("version", "1"),
        ("state", state),
        ("state-duration", "218028"),
        ("mgmt-ip", "127.20.0.1/24"),
        ("mgmt-ipv6", ""),
        ("preemptive", "yes"),
        ("priority", own),
        ("build-rel", "12.1.5"),
        ("build-compat", "Match"),
    ]);
    let peer = elements(&[
        ("conn-status", "up"),
        ("version", "1"),
        ("state", peer_state),
        ("state-duration", "132146"),
        ("mgmt-ip", "127.20.0.2"),
        ("priority", other),
        ("build-rel", "12.1.5"),
    ]);
    success(&format!(
        "<enabled>yes</enabled><local-info>{local}</local-info><peer-info>{peer}</peer-info>\
         <running-sync>synchronized</running-sync><running-sync-enabled>yes</running-sync-enabled>"
    ))
}
