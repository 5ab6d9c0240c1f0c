//! Panorama's `show devices connected` and `show devices all`.
//!
//! Two recorded entry shapes: virtual machines as in a list of seven firewalls (10.1.4), hardware as in a list
//! with a PA-5260 (10.0.8), which has fewer fields and closes empty elements at once. A device that is down or
//! not connected is missing from `connected`; in `all` it has next to no fields, a shape nobody captured. A passive
//! Panorama shows every device so.

use std::fmt::Write;

use super::info::uptime;
use super::reply::Reply;
use super::xml::{elements, success};
use crate::clock::Moment;
use crate::counters::lock;
use crate::device::Device;
use crate::faults::FaultKind;
use crate::seeded::Seed;
use crate::world::World;

/// The whole list. Its end is a bare text with a number that is wrong, as recorded.
pub fn reply(world: &World, connected_only: bool) -> Reply {
    let now = world.clock.now();
    let mut text = String::with_capacity(world.firewalls.len() * 2_500);
    text += "<devices>";
    let is_passive = lock(&world.panorama.faults).has(now, &FaultKind::Passive);
    for firewall in &world.firewalls {
        let device = firewall.at(now);
        let is_missing = is_passive || device.is_down(now) || device.spec.quirks.disconnected;
        match (is_missing, connected_only) {
            (true, true) => {}
            (true, false) => disconnected(&mut text, &device),
            (false, _) => connected(&mut text, &device, now, world.seed),
        }
    }
    text += "Total Connected Devices: 0</devices>";
    success(&text)
}

/// An entry of a device that is not connected.
fn disconnected(text: &mut String, device: &Device) {
    let serial = &device.spec.serial;
    let _ = write!(text, "<entry name=\"{serial}\">");
    *text += &elements(&[
        ("serial", serial),
        ("connected", "no"),
        ("unsupported-version", "no"),
        ("deactivated", "no"),
        ("hostname", ""),
        ("ip-address", ""),
        ("mac-addr", ""),
        ("multi-vsys", "no"),
    ]);
    *text += "<vsys><entry name=\"vsys1\"><display-name>vsys1</display-name></entry></vsys></entry>";
}

/// An entry with all that Panorama knows.
pub(super) fn connected(text: &mut String, device: &Device, now: Moment, seed: Seed) {
    let spec = &device.spec;
    let is_virtual = spec.model.is_virtual();
    let name = if spec.quirks.odd_entry_name { &spec.hostname } else { &spec.serial };
    let no_ipv4 = spec.quirks.unknown_address || spec.quirks.ipv6_only;
    let address = if no_ipv4 { "unknown".to_owned() } else { spec.address.to_string() };
    let address_6 = if spec.quirks.ipv6_only { spec.ipv6().to_string() } else { "unknown".to_owned() };
    let version = device.running().to_string();
    let logdb = format!("{}.2", device.running().train);
    let empty = |name: &str| if is_virtual { format!("<{name}></{name}>") } else { format!("<{name}/>") };

    let _ = write!(text, "<entry name=\"{name}\">");
    *text += &elements(&[
        ("serial", &spec.serial),
        ("connected", "yes"),
        ("unsupported-version", if spec.multi_vsys { "yes" } else { "no" }),
        ("wildfire-rt", "no"),
    ]);
    if is_virtual {
        *text += "<deactivated>no</deactivated>";
    }
    *text += &elements(&[("hostname", &spec.hostname), ("ip-address", &address)]);
    if is_virtual || spec.quirks.ipv6_only {
        *text += &elements(&[("ipv6-address", &address_6)]);
    }
    *text += &empty("mac-addr");
    *text += &elements(&[
        ("uptime", &uptime(device.uptime(now))),
        ("family", spec.model.family),
        ("model", spec.model.name),
        ("sw-version", &version),
        ("app-version", "8915-9075"),
        ("av-version", "0"),
        ("device-dictionary-version", "114-473"),
        ("wildfire-version", "0"),
        ("threat-version", "8915-9075"),
        ("url-db", "paloaltonetworks"),
        ("url-filtering-version", "20261104.20046"),
        ("logdb-version", &logdb),
    ]);
    *text += &empty("vpnclient-package-version");
    *text += &elements(&[
        ("global-protect-client-package-version", "0.0.0"),
        ("prev-app-version", "0"),
        ("prev-threat-version", "0"),
    ]);
    *text += &empty("domain");
    *text += &elements(&[("slot-count", if is_virtual { "1" } else { "0" })]);
    *text += &empty("type");
    *text += &empty("tag");
    if is_virtual {
        *text += "<plugin_versions><entry name=\"dlp\" version=\"1.0.4\"><pkginfo>dlp-1.0.4</pkginfo></entry><entry name=\"vm_series\" version=\"2.1.9\"><pkginfo>vm_series-2.1.9</pkginfo></entry></plugin_versions>";
    }
    *text += &ha(device);
    if is_virtual {
        *text += "<ha-cluster><state>cluster-unknown</state></ha-cluster>";
    }
    *text += "<vpn-disable-mode>no</vpn-disable-mode><operational-mode>normal</operational-mode>";
    if !is_virtual {
        *text += "<high-speed-mode>no</high-speed-mode>";
    }
    *text += &empty("certificate-status");
    *text += &elements(&[
        ("certificate-subject-name", &spec.serial),
        ("certificate-expiry", "2031/03/02 09:13:53"),
        ("connected-at", "2026/06/30 12:37:09"),
        ("custom-certificate-usage", "no"),
        ("multi-vsys", if spec.multi_vsys { "yes" } else { "no" }),
    ]);
    *text += &vsys(device, seed);
    *text += "<last-masterkey-push-status>Unknown</last-masterkey-push-status>";
    *text += &empty("last-masterkey-push-timestamp");
    *text += "<express-mode>no</express-mode><device-cert-present>None</device-cert-present><device-cert-expiry-date>N/A</device-cert-expiry-date></entry>";
}

fn ha(device: &Device) -> String {
    match &device.spec.ha {
        Some(ha) => format!(
            "<ha><state>{}</state><peer><serial>{}</serial></peer></ha>",
            ha.role.as_str(),
            ha.peer_serial
        ),
        None if device.spec.quirks.ha_says_no => "<ha><state>no</state></ha>".to_owned(),
        None => String::new(),
    }
}

fn vsys(device: &Device, seed: Seed) -> String {
    let names: &[(&str, &str)] = if device.spec.multi_vsys {
        &[("vsys1", "vsys1"), ("vsys2", "tenant-b"), ("vsys3", "tenant c")]
    } else {
        &[("vsys1", "vsys1")]
    };
    let mut text = String::from("<vsys>");
    for (name, display) in names {
        let md5 = &seed.hex(&["policy", &device.spec.serial, name])[..32];
        let _ = write!(
            text,
            "<entry name=\"{name}\"><display-name>{display}</display-name><shared-policy-status/>\
             <shared-policy-md5sum>{md5}</shared-policy-md5sum><shared-policy-version>35</shared-policy-version></entry>"
        );
    }
    text + "</vsys>"
}
