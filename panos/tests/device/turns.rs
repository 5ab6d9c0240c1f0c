//! How many calls a device gets at once.

use crate::server::{Answer, BOUND, Device, VERSION, api_key};
use futures_util::future::join_all;
use std::time::Duration;

const EMPTY: &str = "<response status='success'><result/></response>";

#[tokio::test]
async fn a_device_gets_one_call_at_a_time_from_all_clones_of_its_client() {
    let device = Device::start(|_| Answer::Later(Duration::from_millis(20), VERSION.to_owned())).await;
    let client = device.client(api_key("KEY-0123456789"));
    let clones: Vec<_> = (0..8).map(|_| client.clone()).collect();
    for outcome in join_all(clones.iter().map(panos::Client::version)).await {
        outcome.unwrap();
    }
    assert_eq!((device.calls().len(), device.most_at_once()), (8, 1));
}

#[tokio::test]
async fn panorama_gets_as_many_calls_as_it_is_allowed_and_not_one_more() {
    let device = Device::start(|_| Answer::WhenHolding(5, VERSION.to_owned())).await;
    let client = device.client(api_key("KEY-0123456789")).with_max_concurrent(5);
    let calls = join_all((0..20).map(|_| client.version()));
    for outcome in tokio::time::timeout(BOUND, calls).await.expect("five calls overlap") {
        outcome.unwrap();
    }
    assert_eq!((device.calls().len(), device.most_at_once()), (20, 5));
}

#[tokio::test]
async fn firewalls_behind_one_panorama_share_its_limit() {
    let device = Device::start(|_| Answer::WhenHolding(3, EMPTY.to_owned())).await;
    let panorama = device.client(api_key("KEY-0123456789")).with_max_concurrent(3);
    let firewalls: Vec<_> = (0..9).map(|n| panorama.clone().with_target(&format!("{n:012}"))).collect();
    let calls = join_all(firewalls.iter().map(panos::Client::jobs));
    for outcome in tokio::time::timeout(BOUND, calls).await.expect("three calls overlap") {
        outcome.unwrap();
    }
    assert_eq!((device.calls().len(), device.most_at_once()), (9, 3));
}

#[tokio::test]
async fn one_firewall_behind_panorama_gets_one_call_at_a_time() {
    let device = Device::start(|_| Answer::Later(Duration::from_millis(20), EMPTY.to_owned())).await;
    let firewall =
        device.client(api_key("KEY-0123456789")).with_max_concurrent(5).with_target("007900000100103");
    for outcome in join_all((0..5).map(|_| firewall.jobs())).await {
        outcome.unwrap();
    }
    assert_eq!(device.most_at_once(), 1);
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_turn_to_the_next() {
    let device = Device::start(|call| match call.field("type") {
        "op" => Answer::Silence,
        _ => Answer::ok(VERSION),
    })
    .await;
    let client = device.client(api_key("KEY-0123456789"));
    let impatient = tokio::time::timeout(Duration::from_millis(100), client.jobs()).await;
    assert!(impatient.is_err());
    tokio::time::timeout(BOUND, client.version()).await.expect("the turn is free").unwrap();
}
