//! `type=config`, to read, and Panorama's device groups.
//!
//! Public clients ask for them before they ask for anything that matters here: one group that holds every device
//! is enough. A node that is not there is a success with code 7 (the vendor's code table).

use super::Call;
use super::devices;
use super::reply::Reply;
use super::xml::{element, success};
use crate::world::World;

/// Name of the group that holds every device.
const GROUP: &str = "all-firewalls";
/// Where Panorama keeps its groups.
const GROUPS: &str = "/config/devices/entry[@name='localhost.localdomain']/device-group";

/// Panorama's configuration: its device groups, and nothing else.
pub fn panorama(world: &World, xpath: &str) -> Reply {
    if xpath != GROUPS {
        return nothing();
    }
    let mut entries = String::new();
    for firewall in &world.firewalls {
        entries += &format!("<entry name=\"{}\"/>", firewall.serial);
    }
    success(&format!(
        "<device-group><entry name=\"{GROUP}\"><devices>{entries}</devices></entry></device-group>"
    ))
}

/// A firewall's configuration: its host name, and nothing else.
pub fn firewall(call: &Call<'_>, xpath: &str) -> Reply {
    if xpath.ends_with("/deviceconfig/system/hostname") {
        return success(&element("hostname", &call.device.spec.hostname));
    }
    nothing()
}

fn nothing() -> Reply {
    Reply::xml("<response status=\"success\" code=\"7\"><result/></response>")
}

/// `show devicegroups`: each device once more with all that Panorama knows.
pub fn device_groups(world: &World) -> Reply {
    let now = world.clock.now();
    let mut entries = String::with_capacity(world.firewalls.len() * 2_500);
    for firewall in &world.firewalls {
        devices::connected(&mut entries, &firewall.at(now), now, world.seed);
    }
    let md5 = &world.seed.hex(&["group policy"])[..32];
    success(&format!(
        "<devicegroups><entry name=\"{GROUP}\"><shared-policy-md5sum>{md5}</shared-policy-md5sum>\
         <devices>{entries}</devices></entry></devicegroups>"
    ))
}
