//! Log-in: keys are made here, and every other request must carry one.

use super::reply::Reply;
use super::request::Request;
use super::xml;
use crate::counters::lock;
use crate::faults::FaultKind;
use crate::world::{Host, USERNAME, World};

/// Makes a key, or denies it.
pub fn reply(world: &World, host: Host<'_>, username: &str, password: &str) -> Reply {
    let now = world.clock.now();
    let known = username == USERNAME && password == world.password;
    match host {
        Host::Panorama if known => key(&lock(&world.panorama.keys).generate(), false),
        Host::Panorama => xml::invalid_credential(false),
        Host::Firewall(firewall) => {
            let mut device = firewall.at(now);
            if known && !device.is_authentication_late(now) {
                key(&device.keys.generate(), device.spec.quirks.plain_keygen)
            } else {
                xml::invalid_credential(device.spec.quirks.silent_403)
            }
        }
    }
}

/// Spaces and single quotes as captured on current systems, or the plain form of the documentation.
fn key(key: &str, plain: bool) -> Reply {
    let quoted = if plain { "status=\"success\"" } else { "status = 'success'" };
    Reply::xml(format!("<response {quoted}><result><key>{key}</key></result></response>"))
}

/// The denial that a request without a good key gets.
pub fn deny(world: &World, host: Host<'_>, request: &Request) -> Option<Reply> {
    let now = world.clock.now();
    let key = request.key.as_deref().unwrap_or_default();
    let basic = request.basic.as_ref();
    let fixed =
        key == world.api_key || basic.is_some_and(|(user, word)| user == USERNAME && *word == world.password);
    match host {
        Host::Panorama => {
            let good = fixed || lock(&world.panorama.keys).accepts(key);
            (!good).then(|| xml::invalid_credential(false))
        }
        Host::Firewall(firewall) => {
            let mut device = firewall.at(now);
            if device.active_download().is_some()
                && device.faults.take(now, |kind| *kind == FaultKind::KeyTaken).is_some()
            {
                device.keys.generate();
            }
            let good = (fixed || device.keys.accepts(key)) && !device.is_authentication_late(now);
            (!good).then(|| xml::invalid_credential(device.spec.quirks.silent_403))
        }
    }
}
