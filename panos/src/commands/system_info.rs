//! `show system info`: who the device is, what it runs, how long it has been up.
//!
//! Leaves to others: the device's clock. It prints local time without a zone, so an offset can only be
//! derived by comparing [`SystemInfo::device_time`] with one's own clock.

use super::{Command, need, need_value, says_yes};
use crate::client::Client;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::redact::field;
use crate::xml::Element;
use std::time::Duration;

const COMMAND: Command = Command::ordinary("show system info");
const XML: &str = "<show><system><info></info></system></show>";

/// A device about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemInfo {
    /// The configured name; a label, not an identity.
    pub hostname: String,
    /// None when the device says `unknown`, as a VM without a licence does. Compare it with the inventory
    /// before any change: addresses are re-used.
    pub serial: Option<String>,
    /// As in `PA-440` or `PA-VM`.
    pub model: String,
    /// As in `440`, `vm`, or `m` and `pc` for Panorama.
    pub family: Option<String>,
    /// The running version.
    pub sw_version: String,
    /// Since the last boot. With it a device job's id becomes unique: ids restart with every boot.
    pub uptime: Duration,
    /// The device's clock as printed, local and without a zone: `Sun Dec  3 18:27:29 2026`. May be empty.
    pub device_time: String,
    /// Whether virtual systems are switched on.
    pub multi_vsys: bool,
    /// The management address, IPv4.
    pub ip_address: Option<String>,
    /// The management address, IPv6.
    pub ipv6_address: Option<String>,
    /// Applications and threats content; an installation may ask for a newer one.
    pub app_version: Option<String>,
    /// `normal`, or one of the modes in which a device does not do its work.
    pub operational_mode: Option<String>,
}

impl Client {
    /// Asks a device who it is.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn system_info(&self) -> Result<SystemInfo, PanosError> {
        self.op(&COMMAND, XML, read).await
    }
}

pub(crate) fn read(response: &Element) -> Result<SystemInfo, Missing> {
    let system = need(response, &["result", "system"])?;
    let uptime = need_value(system, "uptime")?;
    Ok(SystemInfo {
        hostname: need_value(system, "hostname")?,
        serial: system.known("serial"),
        model: need_value(system, "model")?,
        family: system.known("family"),
        sw_version: need_value(system, "sw-version")?,
        uptime: parse_uptime(&uptime)
            .ok_or_else(|| Missing("`system/uptime` to be like `31 days, 3:25:27`".to_owned()))?,
        device_time: field(system.value("time").unwrap_or_default()),
        multi_vsys: says_yes(system, "multi-vsys"),
        ip_address: system.known("ip-address"),
        ipv6_address: system.known("ipv6-address"),
        app_version: system.known("app-version"),
        operational_mode: system.known("operational-mode"),
    })
}

/// Reads `31 days, 3:25:27`; `3:25:27` alone under one day, as a field tool (panos-tool) expects it.
pub(crate) fn parse_uptime(text: &str) -> Option<Duration> {
    let (days, clock) = match text.split_once("day") {
        Some((days, rest)) => (days.trim().parse::<u64>().ok()?, rest.trim_start_matches(['s', ',', ' '])),
        None => (0, text.trim()),
    };
    let mut parts = clock.trim().split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let whole_days = days.checked_mul(86_400)?;
    Some(Duration::from_secs(whole_days.checked_add(hours * 3_600 + minutes * 60 + seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{missing, read_both};

    #[test]
    fn a_virtual_firewall_with_single_quoted_attributes_is_read() {
        let info = read_both(include_str!("../../fixtures/system_info_vm_10.0.xml"), read).unwrap();
        assert_eq!(
            info,
            SystemInfo {
                hostname: "ber-core-fw2".into(),
                serial: Some("007900000100117".into()),
                model: "PA-VM".into(),
                family: Some("vm".into()),
                sw_version: "10.0.9".into(),
                uptime: Duration::from_secs(31 * 86_400 + 3 * 3_600 + 25 * 60 + 27),
                device_time: "Thu Aug 4 05:55:10 2026".into(),
                multi_vsys: false,
                ip_address: Some("192.0.2.42".into()),
                ipv6_address: None,
                app_version: Some("8596-7477".into()),
                operational_mode: Some("normal".into()),
            }
        );
    }

    #[test]
    fn a_chassis_with_a_line_break_in_its_time_is_read() {
        let info = read_both(include_str!("../../fixtures/system_info_7050_9.1.xml"), read).unwrap();
        assert_eq!(info.device_time, "Sun Dec  3 18:27:29 2026");
        assert!(info.multi_vsys, "`on` means yes here");
        assert_eq!((info.model.as_str(), info.sw_version.as_str()), ("PA-7050", "9.1.12-h3"));
        assert_eq!(info.uptime, Duration::from_secs(179 * 86_400 + 5 * 3_600 + 7 * 60 + 34));
    }

    #[test]
    fn a_panorama_is_read_with_the_fields_that_it_has() {
        let info = read_both(include_str!("../../fixtures/system_info_panorama_10.1.xml"), read).unwrap();
        assert_eq!((info.model.as_str(), info.family.as_deref()), ("M-600", Some("m")));
        assert_eq!((info.multi_vsys, info.operational_mode.as_deref()), (false, Some("panorama")));
        assert_eq!(info.uptime, Duration::from_secs(5 * 3_600 + 7 * 60 + 34));
    }

    #[test]
    fn an_unlicensed_machine_has_no_serial() {
        let unlicensed = include_str!("../../fixtures/system_info_vm_10.0.xml")
            .replace("<serial>007900000100117</serial>", "<serial>unknown</serial>");
        assert_eq!(read_both(&unlicensed, read).unwrap().serial, None);
    }

    #[test]
    fn a_success_without_what_identifies_the_device_is_unexpected() {
        assert!(missing("<response status=\"success\"><result/></response>", read).contains("result/system"));
        let nameless = include_str!("../../fixtures/system_info_vm_10.0.xml")
            .replace("<sw-version>10.0.9</sw-version>", "<sw-version></sw-version>");
        assert!(missing(&nameless, read).contains("system/sw-version"));
    }

    #[test]
    fn uptime_is_read_with_and_without_days() {
        let parsed = |text| parse_uptime(text).map(|uptime| uptime.as_secs());
        assert_eq!(parsed("0 days, 0:12:01"), Some(721));
        assert_eq!(parsed("1 day, 00:00:01"), Some(86_401));
        assert_eq!(parsed("3:25:27"), Some(12_327));
        for text in [
            "",
            "days",
            "5 days",
            "1:2",
            "1:2:3:4",
            "1:60:00",
            "x days, 1:00:00",
            "99999999999999999999 days, 0:0:0",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
