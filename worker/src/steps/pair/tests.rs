use common::audit::{Actor, EntryHash};
use common::domain::lease::WorkerId;
use panos::{HaMember, HaPair, HaRole};

use super::*;

fn entry(action: AuditAction, detail: serde_json::Value) -> StoredEntry {
    let at = common::clock::Clock::now(&common::clock::SystemClock);
    let actor = Actor::Worker { id: WorkerId("ann".into()) };
    let body = EntryBody { v: 1, at, actor, action, job: Some(JobId(7)), detail };
    let none = EntryHash([0; 32]);
    StoredEntry {
        chain: "007900000100103".into(),
        seq: 1,
        at,
        body: body.canonical(),
        prev: none,
        hash: none,
        job: Some(JobId(7)),
    }
}

#[test]
fn only_a_request_with_a_copy_for_the_peer_lets_the_peer_wait() {
    use AuditAction::{DownloadAccepted, DownloadRequested};
    let version = Some("11.1.4-h7".parse().unwrap());
    let copy = json!({ "version": "11.1.4-h7", "sync_to_peer": true });
    assert_eq!(asked_to_copy(&entry(DownloadRequested, copy.clone())), version);
    assert_eq!(asked_to_copy(&entry(DownloadAccepted, copy)), None);
    for alone in [
        json!({ "version": "11.1.4-h7", "sync_to_peer": false }),
        json!({ "version": "11.1.4-h7" }),
        json!({ "sync_to_peer": true }),
    ] {
        assert_eq!(asked_to_copy(&entry(DownloadRequested, alone)), None);
    }
}

fn pair(peer_connected: bool, running_sync: Option<&str>) -> HaState {
    let member = |role| HaMember { role, mgmt_ip: None, sw_version: None, model: None };
    HaState::Enabled(Box::new(HaPair {
        mode: Some("Active-Passive".into()),
        local: member(HaRole::Active),
        peer: Some(member(HaRole::Passive)),
        peer_connected,
        running_sync: running_sync.map(str::to_owned),
        state_sync: None,
    }))
}

#[test]
fn a_pair_that_is_connected_and_in_step_is_copied_to() {
    assert_eq!(trouble_of(&pair(true, Some("synchronized"))), None);
    assert_eq!(trouble_of(&pair(true, None)), None, "nothing is said of the configuration");
}

#[test]
fn a_pair_in_trouble_is_not_copied_to_and_the_trouble_is_told() {
    for (state, said) in [
        (HaState::Disabled, "in no pair"),
        (pair(false, Some("synchronized")), "no connection to its peer"),
        (pair(true, Some("not synchronized")), "its configuration is not synchronized"),
    ] {
        let trouble = trouble_of(&state).unwrap();
        assert!(trouble.contains(said), "{trouble}");
    }
}

#[test]
fn why_a_follower_fetches_an_image_itself_is_told() {
    let (lead, now, version) = (JobId(7), Instant::now(), "11.1.4".parse().unwrap());
    let why = |left: &[Version], state| why_alone(left, lead, state, now);
    assert_eq!(why(&[], JobState::Completed), "job 7 of the other member did not copy it");
    assert_eq!(why(&[version], JobState::Failed), "job 7 of the other member was to copy it, and is failed");
    assert!(why(&[version], JobState::Completed).ends_with("nothing came for 0 s"));
}
