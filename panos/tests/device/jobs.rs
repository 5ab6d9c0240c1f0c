//! What a device may answer about a job: the job, nothing, something else, or that there is none.

use crate::server::{Answer, Device, api_key};
use panos::{DeviceJob, DeviceJobId, Messages, PanosError, Refusal};
use std::sync::Arc;

async fn ask(answer: &str) -> Result<DeviceJob, PanosError> {
    let answer = answer.to_owned();
    let device = Device::start(move |_| Answer::ok(answer.clone())).await;
    device.client(api_key("KEY-0123456789")).job(DeviceJobId(7)).await
}

#[tokio::test]
async fn every_safe_sign_of_an_unknown_job_is_a_lost_job() {
    let answers = [
        "<response status=\"error\"><msg><line>job 7 not found</line></msg></response>",
        "<response status=\"error\" code=\"7\"><msg><line></line></msg></response>",
        "<response status=\"error\" code=\"17\"><msg><line>No such job</line></msg></response>",
        "<response status=\"success\" code=\"7\"><result/></response>",
        "<response status=\"success\"><result></result></response>",
        "<response status=\"success\"/>",
        "<response status=\"success\"><result>Job 7 does not exist</result></response>",
        "<response status=\"success\"><result><job><type>Failed-Job</type><details><line>job failed because of configd \
         restart</line></details><warnings/></job></result></response>",
    ];
    for answer in answers {
        let error = ask(answer).await.unwrap_err();
        assert_eq!(error.refusal(), Some(&Refusal::JobLost), "{answer}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_safe_sign_keeps_its_own_refusal_or_is_unexpected() {
    let unknown = ask("<response status='error'><msg><line>the moon is full</line></msg></response>").await;
    assert_eq!(unknown.unwrap_err().refusal(), Some(&Refusal::Unrecognised));
    let busy =
        ask("<response status='error'><msg><line>A commit is in progress.</line></msg></response>").await;
    assert_eq!(busy.unwrap_err().refusal(), Some(&Refusal::BusyCommit));
    for answer in [
        "<response status='success'><result>the moon is full</result></response>",
        "<response status='success'><result><job><id>8</id><type>Downld</type></job></result></response>",
        "<response status='success'><result><job><type>Downld</type></job></result></response>",
    ] {
        let error = ask(answer).await.unwrap_err();
        assert!(matches!(error, PanosError::UnexpectedAnswer { .. }), "{answer}: {error}");
    }
}

#[tokio::test]
async fn a_job_is_read_with_the_operators_own_patterns() {
    let failed = "<response status='success'><result><job><id>7</id><type>Downld</type><status>FIN</status>\
                  <result>FAIL</result><details><line>no room for image</line></details></job></result></response>";
    assert_eq!(ask(failed).await.unwrap().failure(), Some(Refusal::Unrecognised));
    let device = Device::start(move |_| Answer::ok(failed)).await;
    let messages = Messages::new([("No room for image".to_owned(), Refusal::DiskFull)]);
    let client = device.client(api_key("KEY-0123456789")).with_messages(Arc::new(messages));
    assert_eq!(client.job(DeviceJobId(7)).await.unwrap().failure(), Some(Refusal::DiskFull));
    assert_eq!(client.jobs().await.unwrap()[0].failure(), Some(Refusal::DiskFull));
}
