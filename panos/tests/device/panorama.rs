//! Firewalls behind a Panorama, and what Panorama alone can tell.

use crate::server::{Answer, Device, api_key};
use panos::{Advice, DeviceQuery, Refusal};

#[tokio::test]
async fn a_firewall_that_panorama_does_not_reach_is_offline_in_every_wording() {
    for text in [
        "007900000100103 not connected",
        "target not connected",
        "Target is not connected",
        "target connection failed",
        "target serial does not exist",
        "target unknown",
        "no such target",
    ] {
        let device = Device::start(move |_| {
            Answer::ok(format!("<response status=\"error\"><msg><line>{text}</line></msg></response>"))
        })
        .await;
        let firewall = device.client(api_key("KEY-0123456789")).with_target("007900000100103");
        let error = firewall.system_info().await.unwrap_err();
        assert_eq!(error.refusal(), Some(&Refusal::Offline), "{text}");
        assert_eq!(error.refusal().unwrap().advice(), Advice::RetryLater);
        assert!(error.may_be_boot());
        assert_eq!(device.calls()[0].field("target"), "007900000100103");
    }
}

#[tokio::test]
async fn panorama_lists_the_images_of_all_platforms() {
    let device = Device::start(|_| Answer::ok(include_str!("../../fixtures/batch_software.xml"))).await;
    let panorama = device.client(api_key("KEY-0123456789"));
    assert_eq!(panorama.batch_software_check().await.unwrap().len(), 3);
    assert_eq!(panorama.batch_software_info().await.unwrap().len(), 3);
    let commands: Vec<_> = device.calls().iter().map(|call| call.field("cmd").to_owned()).collect();
    assert_eq!(
        commands,
        [
            "<request><batch><software><check></check></software></batch></request>",
            "<request><batch><software><info></info></software></batch></request>",
        ]
    );
}

#[tokio::test]
async fn connected_and_all_devices_are_two_questions() {
    let device = Device::start(|_| Answer::ok(include_str!("../../fixtures/devices.xml"))).await;
    let panorama = device.client(api_key("KEY-0123456789")).with_max_concurrent(5);
    let connected = panorama.devices(DeviceQuery::Connected).await.unwrap();
    assert_eq!(connected, panorama.devices(DeviceQuery::All).await.unwrap());
    assert_eq!(device.calls()[0].field("cmd"), "<show><devices><connected></connected></devices></show>");
    assert_eq!(device.calls()[1].field("cmd"), "<show><devices><all></all></devices></show>");
}
