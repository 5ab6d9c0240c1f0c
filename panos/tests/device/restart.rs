//! The ways in which a device takes the command to restart, and those in which it does not.

use crate::server::{Answer, Device, api_key};
use panos::{PanosError, Phase, Refusal};

async fn restart(answer: Answer) -> Result<(), PanosError> {
    let answer = std::sync::Mutex::new(Some(answer));
    let device =
        Device::start(move |_| answer.lock().unwrap().take().unwrap_or(Answer::Raw(Vec::new()))).await;
    let outcome = device.client(api_key("KEY-0123456789")).restart().await;
    assert_eq!(device.calls()[0].field("cmd"), "<request><restart><system></system></restart></request>");
    outcome
}

#[tokio::test]
async fn all_three_replies_mean_accepted() {
    let done = "Command succeeded with no output";
    restart(Answer::ok(format!("<response status=\"success\"><result>{done}</result></response>")))
        .await
        .unwrap();
    restart(Answer::ok(format!("<response status=\"error\"><msg><line>{done}</line></msg></response>")))
        .await
        .unwrap();
    restart(Answer::Raw(Vec::new())).await.unwrap();
}

#[tokio::test]
async fn a_refusal_and_a_device_that_was_not_reached_are_errors() {
    let busy = "<response status='error'><msg><line>A commit is in progress.</line></msg></response>";
    let error = restart(Answer::ok(busy)).await.unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::BusyCommit));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = panos::Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()).unwrap();
    drop(listener);
    let device = Device::start(|_| Answer::Silence).await;
    let transport = panos::Transport::new(&device.config()).unwrap();
    let client = panos::Client::new(transport, endpoint, api_key("KEY-0123456789"));
    let error = client.restart().await.unwrap_err();
    assert!(matches!(error, PanosError::NoAnswer { phase: Phase::Connect, .. }), "{error:?}");
}

#[tokio::test]
async fn a_device_says_whether_its_chassis_is_ready() {
    let device = Device::start(|_| {
        Answer::ok("<response status=\"success\"><result><![CDATA[yes\n]]></result></response>")
    })
    .await;
    assert!(device.client(api_key("KEY-0123456789")).chassis_ready().await.unwrap());
    assert_eq!(device.calls()[0].field("cmd"), "<show><chassis-ready></chassis-ready></show>");
}
