//! Who a box is, how full it is, whether it is ready: `show system …`, `type=version`, restart.

use std::time::Duration;

use super::Call;
use super::reply::Reply;
use super::xml::{element, elements, error, success};
use crate::device::Readiness;
use crate::device::disk::{self, Form};
use crate::fleet::PANORAMA;
use crate::scenario::RestartReply;
use crate::world::World;

/// What Panorama runs: at least what any firewall of the fleet does.
const PANORAMA_VERSION: &str = "12.1.5";
/// Panorama's own serial.
const PANORAMA_OWN_SERIAL: &str = "000710000042";
/// How long Panorama had been up when the simulator started.
const PANORAMA_UPTIME: Duration = Duration::from_secs(41 * 86_400 + 7_321);

/// What is said where there is no value.
const UNKNOWN: &str = "unknown";

/// Without days where there are none, as one public tool expects to meet.
fn uptime_of(up: Duration, is_short: bool) -> String {
    let text = uptime(up);
    match text.strip_prefix("0 days, ") {
        Some(short) if is_short => short.to_owned(),
        Some(_) | None => text,
    }
}

/// `D days, H:MM:SS`, as captured.
pub fn uptime(up: Duration) -> String {
    let seconds = up.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    format!("{days} days, {}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// `show system info`: the PA-VM capture (10.0.9) for virtual machines, the PA-7050 capture (9.1.12-h3) for the
/// rest, where `<time>` ends with a line break.
pub fn firewall(call: &Call<'_>) -> Reply {
    let device = &*call.device;
    let spec = &device.spec;
    let serial = device.claimed_serial(call.now);
    let quirks = &spec.quirks;
    let address = if quirks.ipv6_only { UNKNOWN.to_owned() } else { spec.address.to_string() };
    let address_6 = if quirks.ipv6_only { spec.ipv6().to_string() } else { UNKNOWN.to_owned() };
    let version = device.running().to_string();
    let up = uptime_of(device.uptime(call.now), quirks.short_uptime);
    let time = device.calendar().ctime(call.now);
    let logdb = format!("{}.2", device.running().train);
    let mac = mac_of(call);
    let head = elements(&[
        ("hostname", &spec.hostname),
        ("ip-address", &address),
        ("public-ip-address", "unknown"),
        ("netmask", "255.255.255.0"),
        ("default-gateway", "127.21.0.254"),
        ("is-dhcp", "no"),
    ]);
    let multi_vsys = if spec.multi_vsys { "on" } else { "off" };
    let body = if spec.model.is_virtual() {
        let before = elements(&[
            ("ipv6-address", &address_6),
            ("mac-address", &mac),
            ("time", &time),
            ("uptime", &up),
            ("devicename", &spec.hostname),
            ("family", spec.model.family),
            ("model", spec.model.name),
            ("serial", &serial),
            ("vm-mac-count", "256"),
            ("vm-license", "VM-50"),
            ("vm-cap-tier", "5.5 GB"),
            ("vm-cores", "2"),
            ("vm-mem", "5590336"),
            ("vm-mode", "VMware ESXi"),
            ("cloud-mode", "non-cloud"),
            ("sw-version", &version),
        ]);
        let content = content();
        let after = elements(&[("url-filtering-version", "20261104.20046"), ("logdb-version", &logdb)]);
        let plugins = "<plugin_versions><entry name='vm_series' version='2.1.4'><pkginfo>vm_series-2.1.4</pkginfo></entry><entry name='dlp' version='1.0.3'><pkginfo>dlp-1.0.3</pkginfo></entry></plugin_versions>";
        let end = elements(&[
            ("platform-family", spec.model.family),
            ("vpn-disable-mode", "off"),
            ("multi-vsys", multi_vsys),
            ("operational-mode", "normal"),
            ("device-certificate-status", "None"),
        ]);
        format!("{before}{content}{after}{plugins}{end}")
    } else {
        let mut before =
            if quirks.ipv6_only { elements(&[("ipv6-address", &address_6)]) } else { String::new() };
        before += &elements(&[("mac-address", &mac), ("time", &format!("{time}\n"))]);
        let middle = elements(&[
            ("uptime", &up),
            ("devicename", &spec.hostname),
            ("family", spec.model.family),
            ("model", spec.model.name),
            ("serial", &serial),
            ("cloud-mode", "non-cloud"),
            ("sw-version", &version),
        ]);
        let content = content();
        let end = elements(&[
            ("app-release-date", ""),
            ("logdb-version", &logdb),
            ("platform-family", spec.model.family),
            ("high-speed-log-forwarding-mode", "off"),
            ("vpn-disable-mode", "off"),
            ("multi-vsys", multi_vsys),
            ("operational-mode", "normal"),
            ("device-certificate-status", "Valid"),
        ]);
        format!("{before}{middle}{content}{end}")
    };
    success(&format!("<system>{head}{body}</system>"))
}

fn content() -> String {
    elements(&[
        ("global-protect-client-package-version", "0.0.0"),
        ("app-version", "8915-9075"),
        ("av-version", "0"),
        ("threat-version", "8915-9075"),
        ("wf-private-version", "0"),
        ("wf-private-release-date", "unknown"),
        ("url-db", "paloaltonetworks"),
        ("wildfire-version", "0"),
        ("wildfire-rt", "Disabled"),
    ])
}

fn mac_of(call: &Call<'_>) -> String {
    let bytes = call.world.seed.bytes(&["mac", &call.firewall.serial]);
    format!("02:00:5e:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2])
}

/// `type=version` (API guide 9.1); the model is in lower case here.
pub fn version(call: &Call<'_>) -> Reply {
    let spec = &call.device.spec;
    success(&elements(&[
        ("sw-version", &call.device.running().to_string()),
        ("multi-vsys", if spec.multi_vsys { "on" } else { "off" }),
        ("model", &spec.model.name.to_lowercase()),
        ("serial", &call.device.claimed_serial(call.now)),
    ]))
}

/// `show system disk-space`.
pub fn disk_space(call: &Call<'_>) -> Reply {
    let quirks = call.quirks();
    let form = Form {
        layout: call.device.spec.model.layout,
        wrapped: quirks.wrapped_df,
        no_panrepo: quirks.no_panrepo,
    };
    success(&disk::print(form, call.device.space(call.now)))
}

/// `show chassis-ready`: no for a while after a boot, then yes.
pub fn chassis_ready(call: &Call<'_>) -> Reply {
    let ready = if call.device.readiness(call.now) == Readiness::Ready { "yes" } else { "no" };
    success(&format!("<![CDATA[{ready}\n]]>"))
}

/// `request restart system`; three answers are on record, all of them mean yes.
pub fn restart(call: &mut Call<'_>) -> Reply {
    const TEXT: &str = "Command succeeded with no output";
    call.device.restart(call.now);
    match call.quirks().restart_reply {
        RestartReply::Success => success(TEXT),
        RestartReply::Error => error(None, TEXT),
        RestartReply::Drop => Reply::reset(),
    }
}

/// Panorama's `show system info`.
pub fn panorama(world: &World) -> Reply {
    let system = elements(&[
        ("hostname", "panorama"),
        ("ip-address", &PANORAMA.to_string()),
        ("public-ip-address", "unknown"),
        ("netmask", "255.255.255.0"),
        ("mac-address", "02:00:5e:03:6b:c1"),
        ("uptime", &uptime(PANORAMA_UPTIME + world.clock.now().since(crate::clock::Moment::START))),
        ("devicename", "panorama"),
        ("family", "pc"),
        ("model", "Panorama"),
        ("serial", PANORAMA_OWN_SERIAL),
        ("sw-version", PANORAMA_VERSION),
        ("system-mode", "panorama"),
        ("operational-mode", "normal"),
        ("licensed-device-capacity", "25000"),
    ]);
    success(&format!("<system>{system}</system>"))
}

/// Panorama's `type=version`.
pub fn panorama_version() -> Reply {
    success(&format!(
        "{}{}{}{}",
        element("sw-version", PANORAMA_VERSION),
        element("multi-vsys", "off"),
        element("model", "panorama"),
        element("serial", PANORAMA_OWN_SERIAL),
    ))
}
