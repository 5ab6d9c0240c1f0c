//! What a device gets to read.

use crate::server::{Answer, Device, VERSION, api_key};
use panos::{DeviceJobId, DeviceQuery, SyncToPeer};

const ENQUEUED: &str = "<response status=\"success\" code=\"19\"><result><msg><line>Download job enqueued with jobid 3448</line>\
                        </msg><job>3448</job></result></response>";

#[tokio::test]
async fn a_call_is_a_form_with_the_key_in_its_header_alone() {
    let device = Device::start(|_| Answer::ok(ENQUEUED)).await;
    let id = device.client(api_key("KEY-0123456789")).download("11.1.4-h7", SyncToPeer::No).await.unwrap();
    assert_eq!(id, DeviceJobId(3448));

    let [call] = <[_; 1]>::try_from(device.calls()).unwrap();
    assert_eq!(call.line, "POST /api/ HTTP/1.1");
    assert_eq!(call.key(), Some("KEY-0123456789"));
    assert_eq!(call.headers["content-type"], "application/x-www-form-urlencoded");
    assert!(call.headers["user-agent"].starts_with("panos/"));
    assert_eq!(call.form.len(), 2, "{:?}", call.form);
    assert_eq!(call.field("type"), "op");
    assert_eq!(
        call.field("cmd"),
        "<request><system><software><download><version>11.1.4-h7</version></download></software></system></request>"
    );
}

#[tokio::test]
async fn calls_share_one_connection() {
    let device = Device::start(|_| Answer::ok(VERSION)).await;
    let client = device.client(api_key("KEY-0123456789"));
    for _ in 0..20 {
        client.version().await.unwrap();
    }
    assert_eq!((device.calls().len(), device.n_connections()), (20, 1));
}

#[tokio::test]
async fn a_call_behind_panorama_names_its_target() {
    let device = Device::start(|_| Answer::ok("<response status='success'><result/></response>")).await;
    let client = device.client(api_key("KEY-0123456789")).with_target("007900000100103");
    assert!(client.jobs().await.unwrap().is_empty());
    assert_eq!(device.calls()[0].field("target"), "007900000100103");
}

#[tokio::test]
async fn a_job_is_looked_up_by_its_id_and_no_other_is_taken_for_it() {
    let device = Device::start(|_| {
        Answer::ok("<response status='success'><result><job><id>8</id><status>ACT</status></job></result></response>")
    })
    .await;
    let client = device.client(api_key("KEY-0123456789"));
    assert_eq!(client.job(DeviceJobId(8)).await.unwrap().id, Some(DeviceJobId(8)));
    assert_eq!(device.calls()[0].field("cmd"), "<show><jobs><id>8</id></jobs></show>");
    let error = client.job(DeviceJobId(7)).await.unwrap_err().to_string();
    assert!(error.contains("expected job 7, found job 8"), "{error}");
}

#[tokio::test]
async fn a_list_of_a_whole_fleet_is_read() {
    let device = Device::start(|_| {
        let entries: String = (0..4_000)
            .map(|n| {
                format!(
                    "<entry name='{n:012}'><serial>{n:012}</serial><vsys><entry name='vsys1'/></vsys></entry>"
                )
            })
            .collect();
        Answer::ok(format!(
            "<response status='success'><result><devices>{entries}</devices></result></response>"
        ))
    })
    .await;
    let devices = device.client(api_key("KEY-0123456789")).devices(DeviceQuery::All).await.unwrap();
    assert_eq!(devices.len(), 4_000);
    assert_eq!(devices[3_999].serial, "000000003999");
    assert_eq!(device.calls()[0].field("cmd"), "<show><devices><all></all></devices></show>");
}

#[tokio::test]
async fn an_update_server_that_does_not_know_the_device_is_a_refusal() {
    let device =
        Device::start(|_| Answer::ok(include_str!("../../fixtures/support_unknown_device.xml"))).await;
    let error = device.client(api_key("KEY-0123456789")).support_check().await.unwrap_err();
    assert_eq!(error.refusal(), Some(&panos::Refusal::Entitlement), "{error}");
}

#[tokio::test]
async fn an_image_is_deleted_whether_or_not_the_device_makes_a_job_of_it() {
    for answer in
        ["<response status='success'><result>Successfully deleted 10.2.0</result></response>", ENQUEUED]
    {
        let device = Device::start(move |_| Answer::ok(answer)).await;
        device.client(api_key("KEY-0123456789")).delete("10.2.0").await.unwrap();
        assert_eq!(
            device.calls()[0].field("cmd"),
            "<delete><software><version>10.2.0</version></software></delete>"
        );
    }
    let device = Device::start(|_| {
        Answer::ok("<response status='error'><msg><line>Software version 10.2.0 not downloaded</line></msg></response>")
    })
    .await;
    let error = device.client(api_key("KEY-0123456789")).delete("10.2.0").await.unwrap_err();
    assert_eq!(error.refusal(), Some(&panos::Refusal::NotDownloaded), "{error}");
}

#[tokio::test]
async fn an_installation_is_a_job_and_the_pair_is_switched_by_two_commands() {
    let device = Device::start(|call| {
        Answer::ok(if call.field("cmd").contains("<install>") {
            include_str!("../../fixtures/install_enqueued.xml")
        } else {
            "<response status=\"success\"><result>Successfully changed HA state to suspended</result></response>"
        })
    })
    .await;
    let client = device.client(api_key("KEY-0123456789"));
    assert_eq!(client.install("11.1.4-h7").await.unwrap(), DeviceJobId(25));
    client.ha_suspend().await.unwrap();
    client.ha_functional().await.unwrap();
    let commands: Vec<_> = device.calls().iter().map(|call| call.field("cmd").to_owned()).collect();
    assert_eq!(
        commands,
        [
            "<request><system><software><install><version>11.1.4-h7</version></install></software></system></request>",
            "<request><high-availability><state><suspend></suspend></state></high-availability></request>",
            "<request><high-availability><state><functional></functional></state></high-availability></request>",
        ]
    );
}

#[tokio::test]
async fn content_types_and_their_absence_change_nothing() {
    for kind in
        ["content-type: text/plain; charset=utf-8\r\n", "content-type: application/octet-stream\r\n", ""]
    {
        let answer = format!("HTTP/1.1 200 OK\r\n{kind}content-length: {}\r\n\r\n{VERSION}", VERSION.len());
        let device = Device::start(move |_| Answer::Raw(answer.clone().into_bytes())).await;
        device.client(api_key("KEY-0123456789")).version().await.unwrap();
    }
}
