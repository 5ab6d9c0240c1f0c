use super::*;
use crate::testing::{missing, read_both};

const DEVICES: &str = include_str!("../../../fixtures/devices.xml");

fn devices() -> Vec<ManagedDevice> {
    read_both(DEVICES, read).unwrap()
}

/// The list with one entry, as `devices/entry` lists are when a fleet begins.
fn one(entry: &str) -> Vec<ManagedDevice> {
    let answer =
        format!("<response status=\"success\"><result><devices>{entry}</devices></result></response>");
    read_both(&answer, read).unwrap()
}

#[test]
fn plug_ins_and_virtual_systems_are_no_devices() {
    let serials: Vec<_> = devices().into_iter().map(|device| device.serial).collect();
    assert_eq!(serials, ["007900000100103", "007900000100112", "019901004411"]);
}

#[test]
fn a_standalone_device_is_read_whole() {
    assert_eq!(
        devices()[0],
        ManagedDevice {
            serial: "007900000100103".into(),
            connected: true,
            hostname: Some("ber-edge-fw3".into()),
            ip_address: Some("192.0.2.13".into()),
            ipv6_address: None,
            model: Some("PA-VM".into()),
            family: Some("vm".into()),
            sw_version: Some("10.1.4".into()),
            app_version: Some("8729-8157".into()),
            uptime: Some(Duration::from_secs(721)),
            multi_vsys: false,
            n_vsys: 1,
            ha: None,
            unsupported_version: false,
            deactivated: false,
            operational_mode: Some("normal".into()),
            connected_at: Some("2026/02/10 15:03:31".into()),
        }
    );
}

#[test]
fn the_peer_of_a_pair_comes_with_the_list() {
    let devices = devices();
    let link =
        |state: &str, peer: &str| Some(PeerLink { state: state.into(), peer_serial: Some(peer.into()) });
    assert_eq!(devices[1].ha, link("active", "007900000100117"));
    assert_eq!(devices[2].ha, link("passive", "019901004412"));
    assert_eq!(one("<entry name='1'><ha><state>no</state></ha></entry>")[0].ha, None);
}

#[test]
fn a_chassis_with_virtual_systems_is_one_device_that_works_though_called_unsupported() {
    let chassis = &devices()[2];
    assert!(chassis.multi_vsys && chassis.unsupported_version && chassis.connected);
    assert_eq!(chassis.n_vsys, 2);
}

#[test]
fn the_trailing_count_is_not_believed() {
    assert!(DEVICES.contains("Total Connected Devices: 0"));
    assert_eq!(devices().len(), 3);
}

#[test]
fn unknown_and_empty_mean_no_value() {
    let device = &one(
        "<entry name='1'><serial>1</serial><ip-address>unknown</ip-address><ipv6-address>2001:db8::7</ipv6-address>\
         <hostname></hostname><model/></entry>",
    )[0];
    assert_eq!((&device.ip_address, &device.hostname, &device.model), (&None, &None, &None));
    assert_eq!(device.ipv6_address.as_deref(), Some("2001:db8::7"));
}

#[test]
fn a_single_device_is_a_list_of_one() {
    assert_eq!(one("<entry name='9'><serial>9</serial></entry>").len(), 1);
    assert!(one("").is_empty());
}

#[test]
fn a_disconnected_device_has_little_more_than_its_serial() {
    let device = &one("<entry name=\"019901007788\"><serial>019901007788</serial><connected>no</connected>\
         <unsupported-version>no</unsupported-version><deactivated>no</deactivated><hostname></hostname>\
         <ip-address></ip-address><mac-addr></mac-addr><multi-vsys>no</multi-vsys>\
         <vsys><entry name=\"vsys1\"><display-name>vsys1</display-name></entry></vsys></entry>")[0];
    assert!(!device.connected);
    assert_eq!(device.serial, "019901007788");
    assert_eq!((&device.ip_address, &device.sw_version, device.uptime), (&None, &None, None));
}

#[test]
fn the_serial_element_counts_before_the_name_and_the_name_before_nothing() {
    assert_eq!(one("<entry name='PA-1'><serial>42</serial></entry>")[0].serial, "42");
    assert_eq!(one("<entry name='43'><serial/></entry>")[0].serial, "43");
    assert!(one("<entry><hostname>nobody</hostname></entry>").is_empty());
}

#[test]
fn equal_and_odd_host_names_stay_two_devices() {
    let answer = "<response status=\"success\"><result><devices>\
                  <entry name='1'><serial>1</serial><hostname>Büro Süd 1</hostname></entry>\
                  <entry name='2'><serial>2</serial><hostname>Büro Süd 1</hostname></entry>\
                  </devices></result></response>";
    let names: Vec<_> =
        read_both(answer, read).unwrap().into_iter().map(|device| device.hostname.unwrap()).collect();
    assert_eq!(names, ["Büro Süd 1", "Büro Süd 1"]);
}

#[test]
fn a_success_without_a_list_is_unexpected() {
    assert!(missing("<response status='success'><result/></response>", read).contains("result/devices"));
}
