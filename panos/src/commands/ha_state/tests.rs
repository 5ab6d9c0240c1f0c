use super::*;
use crate::testing::{missing, read_both};

#[test]
fn a_firewall_in_a_pair_is_read() {
    let state = read_both(include_str!("../../../fixtures/ha_firewall_10.0.xml"), read).unwrap();
    let member = |role, address: &str| HaMember {
        role,
        mgmt_ip: Some(address.into()),
        sw_version: Some("10.0.9".into()),
        model: Some("PA-VM".into()),
    };
    assert_eq!(
        state,
        HaState::Enabled(Box::new(HaPair {
            mode: Some("Active-Passive".into()),
            local: member(HaRole::Passive, "192.0.2.42"),
            peer: Some(member(HaRole::Active, "192.0.2.41")),
            peer_connected: true,
            running_sync: Some("synchronized".into()),
            state_sync: Some("Complete".into()),
        }))
    );
}

#[test]
fn a_panorama_has_no_group_and_other_words() {
    let state = read_both(include_str!("../../../fixtures/ha_panorama_11.0.xml"), read).unwrap();
    let HaState::Enabled(pair) = state else { panic!("enabled") };
    let HaPair { mode, local, peer, peer_connected, state_sync, .. } = *pair;
    let peer = peer.unwrap();
    assert_eq!((mode, state_sync, peer_connected), (None, None, true));
    assert_eq!((local.role, local.mgmt_ip.as_deref()), (HaRole::PrimaryActive, Some("203.0.113.191")));
    assert_eq!((peer.role, peer.mgmt_ip.as_deref()), (HaRole::SecondaryPassive, Some("203.0.113.192")));
}

#[test]
fn a_disabled_device_that_describes_itself_is_disabled() {
    assert_eq!(read_both(include_str!("../../../fixtures/ha_disabled.xml"), read), Ok(HaState::Disabled));
    let plain = "<response status='success'><result><enabled>no</enabled></result></response>";
    assert_eq!(read_both(plain, read), Ok(HaState::Disabled));
}

#[test]
fn a_member_without_its_peer_and_an_unknown_role_are_read() {
    let alone = "<response status='success'><result><enabled>yes</enabled><group><local-info><state>initial</state></local-info>\
                 <peer-info><conn-status>down</conn-status></peer-info></group></result></response>";
    let HaState::Enabled(pair) = read_both(alone, read).unwrap() else { panic!("enabled") };
    let HaPair { local, peer, peer_connected, .. } = *pair;
    assert_eq!((local.role, peer, peer_connected), (HaRole::Initial, None, false));
    for (word, expected) in [
        ("active-primary", HaRole::ActivePrimary),
        ("active-secondary", HaRole::ActiveSecondary),
        ("tentative", HaRole::Tentative),
        ("non-functional", HaRole::NonFunctional),
        ("suspended", HaRole::Suspended),
        ("secondary-suspended", HaRole::Other("secondary-suspended".into())),
    ] {
        assert_eq!(role(word), expected);
    }
}

#[test]
fn a_success_that_does_not_say_whether_it_is_enabled_is_unexpected() {
    assert!(missing("<response status='success'><result/></response>", read).contains("result/enabled"));
    let bare = "<response status='success'><result><enabled>yes</enabled></result></response>";
    assert!(missing(bare, read).contains("local-info"));
}
