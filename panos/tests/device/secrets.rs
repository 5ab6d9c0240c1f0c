//! No key and no password in any error or log line, whatever a device makes of them.

use crate::server::{Answer, Call, Device, api_key, keygen_reply, password};
use panos::Credentials;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex};
use tracing::subscriber::with_default;
use tracing_subscriber::fmt::MakeWriter;

const KEY: &str = "CANARY-KEY-LUFRPT1RVhBTVBMRS1P+TkxZ/LWlu==";
const PASSWORD: &str = "canary & <password>";

/// Everything that an error can be made to say.
fn all_words(error: &(dyn Error + 'static)) -> String {
    let (mut words, mut next) = (String::new(), Some(error));
    while let Some(cause) = next {
        words.push_str(&format!("{cause} {cause:?} {cause:#?}\n"));
        next = cause.source();
    }
    words
}

#[track_caller]
fn assert_silent(words: &str) {
    // Parts, so that a secret that was cut or escaped is found as well.
    for part in ["CANARY-KEY", "LUFRPT1R", "canary", "password>", "password&gt;", "FRESH-KEY"] {
        assert!(!words.contains(part), "`{part}` in: {words}");
    }
}

/// From a secret to an answer with it.
type Misbehaviour = Box<dyn Fn(&str) -> Answer + Send + Sync>;

/// Answers that repeat what they were sent, in every place that reaches an error.
fn misbehaviours() -> Vec<Misbehaviour> {
    let error = |place: fn(&str) -> String| move |secret: &str| Answer::ok(place(secret));
    vec![
        Box::new(|secret| {
            Answer::Raw(
                format!("HTTP/1.1 400 Key Expired: {secret} has expired. \r\ncontent-length: 0\r\n\r\n")
                    .into(),
            )
        }),
        Box::new(|secret| {
            Answer::Raw(format!("HTTP/1.1 500 Oops {secret}\r\ncontent-length: 0\r\n\r\n").into())
        }),
        Box::new(|secret| Answer::Http("404 Not Found", format!("<html>{secret}</html>"))),
        Box::new(error(|secret| format!("<html>{secret}</html>"))),
        Box::new(error(str::to_owned)),
        Box::new(error(|secret| {
            format!("<response status='success'><result><key>{secret}</key></result></response>")
        })),
        Box::new(error(|secret| {
            format!("<response status='success'><result><key>{}", &secret[..secret.len() - 4])
        })),
        Box::new(error(|secret| {
            format!("<response status='error'><msg><line>bad {secret}</line></msg></response>")
        })),
        Box::new(error(|secret| {
            format!("<response status='error' code='17'><result><msg>{secret}</msg></result></response>")
        })),
        Box::new(error(|secret| format!("<response status='{secret}'/>"))),
        Box::new(error(|secret| format!("<!DOCTYPE x SYSTEM '{secret}'><x/>"))),
    ]
}

#[tokio::test]
async fn no_misbehaviour_of_a_device_brings_the_key_into_an_error() {
    for misbehave in misbehaviours() {
        let device = Device::start(move |call: &Call| misbehave(call.key().unwrap_or_default())).await;
        let client = device.client(api_key(KEY));
        assert_silent(&all_words(&client.version().await.unwrap_err()));
        assert_silent(&all_words(&client.disk_space().await.unwrap_err()));
        assert_silent(&format!("{client:?}"));
    }
}

#[tokio::test]
async fn no_misbehaviour_of_keygen_brings_password_or_new_key_into_an_error() {
    for misbehave in misbehaviours() {
        let device = Device::start(move |call: &Call| misbehave(call.field("password"))).await;
        let outcome = device.client(password(PASSWORD)).version().await;
        assert_silent(&all_words(&outcome.unwrap_err()));
    }
    let cut = keygen_reply("FRESH-KEY-0123456789-0123456789").replace("</response>", "");
    let strange = keygen_reply("FRESH-KEY-0123456789").replace("key>", "token>");
    for answer in [cut, strange] {
        let device = Device::start(move |_| Answer::ok(answer.clone())).await;
        let error = device.client(password(PASSWORD)).version().await.unwrap_err();
        assert!(error.to_string().contains("(not shown)"), "{error}");
        assert_silent(&all_words(&error));
    }
}

#[tokio::test]
async fn a_key_repeated_in_the_content_of_an_answer_does_not_reach_the_caller() {
    let device = Device::start(|call| {
        let key = call.key().unwrap_or_default();
        Answer::ok(format!(
            "<response status='success'><result><job><id>1</id><details><line>by {key}</line></details></job></result></response>"
        ))
    })
    .await;
    assert_eq!(device.client(api_key(KEY)).jobs().await.unwrap()[0].details, ["by [redacted]"]);
}

#[test]
fn credentials_do_not_print_themselves() {
    assert_silent(&format!("{:?} {:?}", api_key(KEY), password(PASSWORD)));
    let Credentials::Password { username, .. } = password(PASSWORD) else { panic!("a password") };
    assert!(format!("{:?}", password(PASSWORD)).contains(&username));
}

/// Collects log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn no_log_line_of_any_level_has_a_secret() {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).finish();
    // One thread for client and server, because the subscriber is the thread's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    with_default(subscriber, || {
        runtime.block_on(async {
            let device = Device::start(|call| match call.field("type") {
                "keygen" => Answer::ok(keygen_reply(KEY)),
                _ => Answer::Raw(
                    format!(
                        "HTTP/1.1 400 Key Expired: {} has expired. \r\ncontent-length: 0\r\n\r\n",
                        call.key().unwrap_or_default()
                    )
                    .into(),
                ),
            })
            .await;
            let client = device.client(password(PASSWORD));
            client.version().await.unwrap_err();
            client.version().await.unwrap_err();
        });
    });
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("called a device"), "{logged}");
    assert_silent(&logged);
}
