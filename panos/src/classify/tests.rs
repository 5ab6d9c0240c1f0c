//! Whole answers as devices give them, each with what it must be taken for.

use super::patterns::{Grade, Meaning, PATTERNS};
use super::*;
use crate::envelope::{Fault, open};
use crate::testing::plainly;
use crate::transport::Reply;
use crate::xml::Element;

fn refused(status: u16, reason: Option<&str>, body: &str) -> (Refusal, String) {
    let reply = Reply { status, reason: reason.map(str::to_owned), body: body.to_owned() };
    let read = |_: &Element| Ok(());
    match open(&reply, &plainly(), read) {
        Err(Fault::Refused { refusal, message }) => (refusal, message),
        other => panic!("expected a refusal of {body}, found {other:?}"),
    }
}

fn plain(text: &str) -> Refusal {
    classify_text(text, &Messages::default())
}

fn line(text: &str) -> String {
    format!("<response status=\"error\"><msg><line>{text}</line></msg></response>")
}

#[test]
fn authentication_answers_are_told_apart() {
    let cases: [(u16, Option<&str>, &str, Refusal); 9] = [
        // Recorded: pan-os-php issue 336, cdot65 issue 139.
        (
            403,
            Some("Invalid Credential"),
            "<response status = 'error' code = '403'><result><msg>Invalid Credential</msg></result></response>",
            Refusal::CredentialsRejected,
        ),
        // Recorded: nagios not_authorized.xml.
        (
            403,
            None,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response status=\"error\" code=\"403\">\n<result>\n<msg></msg>\n</result>\n</response>",
            Refusal::CredentialsRejected,
        ),
        (403, Some("Forbidden by tests"), "", Refusal::CredentialsRejected),
        (200, None, "<response status='error' code='403'><msg/></response>", Refusal::CredentialsRejected),
        // Recorded: Splunk-Apps issue 151. The body was not.
        (400, Some("Key Expired: AAAABBBBCCCC has expired. "), "", Refusal::KeyExpired),
        (400, None, "", Refusal::KeyExpired),
        // Recorded: ansible issue 605.
        (
            200,
            None,
            "<response status=\"error\" code=\"22\"><msg><line>Session timed out</line></msg></response>",
            Refusal::SessionTimedOut,
        ),
        (
            200,
            None,
            "<response status=\"error\" code=\"16\"><msg><line>Unauthorized request</line></msg></response>",
            Refusal::Permission,
        ),
        // Known to the vendor's Go client. HTTP 403, and yet no new key would help.
        (
            403,
            None,
            "<response status = 'error' code = '403'><result><msg>Type [op] not authorized for user role.</msg></result></response>",
            Refusal::Permission,
        ),
    ];
    for (status, reason, body, expected) in cases {
        assert_eq!(refused(status, reason, body).0, expected, "HTTP {status} {reason:?} {body}");
    }
}

#[test]
fn messages_of_devices_are_told_apart() {
    let cases: &[(&str, Refusal)] = &[
        ("Server error : Another download is in progress", Refusal::BusyDownload),
        ("A commit is in progress.", Refusal::BusyCommit),
        ("Another commit/validate is in progress. Please try again later", Refusal::BusyCommit),
        ("You cannot commit while an install is in progress. Please try again later.", Refusal::BusyCommit),
        ("There are pending jobs in the commit task queue", Refusal::BusyCommit),
        ("Another sync is in progress. Please try again later", Refusal::BusyCommit),
        ("Configuration is locked by admin", Refusal::Locked),
        ("Failed to synchronize running configuration with HA peer", Refusal::HaSyncFailed),
        ("The software manager is  currently in use.\nPlease try again later.", Refusal::BusySoftwareManager),
        ("Resource temporarily unavailable", Refusal::BusyImport),
        (
            "Failed to check upgrade info due to generic communication error. Please check network connectivity and try again.",
            Refusal::UpdateServer,
        ),
        (
            "Failed to check upgrade info due to Unknown error. Please check network connectivity and try again.",
            Refusal::UpdateServer,
        ),
        (
            "Failed to check content upgrade info due to generic communication error. Please check network connectivity and try again.",
            Refusal::UpdateServer,
        ),
        (
            "Failed to check support info due to Unknown error. Please check network connectivity and try again.",
            Refusal::UpdateServer,
        ),
        (
            "Error: Upgrading from 11.1.4 to 11.2.0 requires a content version of 8832 or greater and found 8790-8462.",
            Refusal::ContentTooOld,
        ),
        ("job failed because of configd restart", Refusal::JobLost),
        ("Software version 10.2.0 not downloaded", Refusal::NotDownloaded),
        ("Please reboot the system and try again", Refusal::NeedsReboot),
        ("not enough disk space to load the image", Refusal::DiskFull),
        ("Not enough space", Refusal::DiskFull),
        ("write failed: No space left on device", Refusal::DiskFull),
        ("The disk /opt/panrepo is full", Refusal::DiskFull),
        ("Image 11.1.4 has not been downloaded", Refusal::NotDownloaded),
        ("The support contract of this device has expired", Refusal::Entitlement),
        ("No valid license found", Refusal::Entitlement),
        ("This device is not entitled to software updates", Refusal::Entitlement),
        ("Device not found on this update server", Refusal::Entitlement),
        ("007900000100103 not connected", Refusal::Offline),
        ("target serial does not exist", Refusal::Offline),
        ("Cloud management is enabled", Refusal::CloudManaged),
        ("99.9.9 is not a valid version", Refusal::UnknownVersion),
        ("Something that nobody has ever seen", Refusal::Unrecognised),
        ("", Refusal::Unrecognised),
    ];
    for (text, expected) in cases {
        let (refusal, message) = refused(200, None, &line(text));
        assert_eq!(&refusal, expected, "{text}");
        if !text.is_empty() {
            assert_eq!(message, text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}

#[test]
fn codes_count_where_no_words_are_known() {
    let cases = [
        (1, Refusal::Permanent),
        (2, Refusal::Internal),
        (5, Refusal::Internal),
        (6, Refusal::Permanent),
        (7, Refusal::Unrecognised),
        (11, Refusal::Internal),
        (12, Refusal::Permanent),
        (13, Refusal::Unrecognised),
        (16, Refusal::Permission),
        (17, Refusal::Permanent),
        (18, Refusal::Permanent),
        (21, Refusal::Internal),
        (22, Refusal::SessionTimedOut),
    ];
    for (code, expected) in cases {
        let body = format!(
            "<response status=\"error\" code=\"{code}\">\n<msg>\n<line>\n</line>\n</msg>\n</response>"
        );
        assert_eq!(refused(200, None, &body), (expected, format!("code {code}")));
    }
    let busy = "<response status='error' code='17'><msg><line>Another download is in progress</line></msg></response>";
    assert_eq!(refused(200, None, busy).0, Refusal::BusyDownload, "words come before codes");
}

#[test]
fn http_errors_count_where_no_document_came() {
    assert_eq!(refused(503, None, "<html>starting</html>").0, Refusal::Unavailable);
    assert_eq!(refused(500, None, "").0, Refusal::Unavailable);
    assert_eq!(refused(429, Some("Slow down"), ""), (Refusal::Unavailable, "HTTP 429 Slow down".into()));
    let illegal = "<response status = 'error' code = '400'><result><msg>Illegal value for parameter nlogs [5001]. Should be between 1 to 5000</msg></result></response>";
    let (refusal, message) = refused(400, None, illegal);
    assert_eq!(refusal, Refusal::Permanent);
    assert!(message.starts_with("HTTP 400: Illegal value"), "{message}");
}

#[test]
fn the_missing_base_is_taken_from_the_quotes() {
    let text = "The required '11.2.0' base image must be loaded before this image can be loaded.  You do not have \
                to install or run the base image, only download it.";
    assert_eq!(plain(text), Refusal::BaseMissing { version: "11.2.0".into() });
    assert_eq!(
        plain("the base image must be loaded before this image"),
        Refusal::Unrecognised,
        "without a version there is nothing to add to a plan"
    );
}

#[test]
fn a_successful_download_is_no_full_disk() {
    assert_eq!(plain("Image successfully written to disk, then something failed"), Refusal::Unrecognised);
}

#[test]
fn every_row_is_written_as_messages_are_compared_and_is_reached_by_its_own_text() {
    for pattern in PATTERNS {
        for fragment in pattern.fragments {
            assert_eq!(*fragment, normalised(fragment), "never found");
        }
        let said = pattern.fragments.join(" ");
        let first = PATTERNS.iter().find(|p| p.fragments.iter().all(|f| said.contains(f))).unwrap();
        assert_eq!(first.fragments, pattern.fragments, "hidden behind an earlier row");
    }
    let n_guesses = PATTERNS.iter().filter(|pattern| pattern.grade == Grade::Guess).count();
    assert!(n_guesses * 2 < PATTERNS.len(), "{n_guesses} guesses of {} rows", PATTERNS.len());
}

#[test]
fn every_remedy_is_a_lower_case_sentence() {
    let some = [
        Refusal::DiskFull,
        Refusal::Offline,
        Refusal::Unrecognised,
        Refusal::BusyImport,
        Refusal::Permission,
    ];
    for refusal in some {
        let remedy = refusal.remedy();
        assert!(remedy.starts_with(|c: char| c.is_lowercase()) && !remedy.ends_with('.'), "{remedy}");
    }
    assert_eq!(Refusal::KeyExpired.advice(), Advice::Reauthenticate);
    assert_eq!(Refusal::BusyDownload.advice(), Advice::WaitFor(Busy::Download));
    assert_eq!(Refusal::UpdateServer.advice(), Advice::RetryLater);
    assert_eq!(Refusal::DiskFull.advice(), Advice::Operator);
    assert_eq!(Refusal::Permanent.advice(), Advice::Permanent);
    assert_eq!(Refusal::Unrecognised.advice(), Advice::Unknown);
}

#[test]
fn an_operators_own_pattern_comes_before_the_table() {
    let taught = Messages::new([
        ("No  room for IMAGE".to_owned(), Refusal::DiskFull),
        ("no room for image on the moon".to_owned(), Refusal::Permanent),
        (" \n".to_owned(), Refusal::Offline),
        ("licence server is slow".to_owned(), Refusal::UpdateServer),
    ]);
    let cases = [
        ("Error: no room\n for image", Refusal::DiskFull),
        ("no room for image on the moon", Refusal::Permanent),
        ("the licence server is slow today", Refusal::UpdateServer),
        ("no licence", Refusal::Entitlement),
        ("something else", Refusal::Unrecognised),
    ];
    for (text, expected) in cases {
        assert_eq!(classify_text(text, &taught), expected, "{text}");
    }
    assert!(!taught.is_empty() && Messages::default().is_empty());
}

#[test]
fn every_refusal_has_a_word_of_its_own_and_comes_back_from_it() {
    let words: Vec<_> = Refusal::words().collect();
    for word in &words {
        assert_eq!(Refusal::from_word(word).unwrap().word(), *word);
        assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{word}");
        assert_eq!(words.iter().filter(|other| *other == word).count(), 1, "{word}");
    }
    let rows = PATTERNS.iter().filter_map(|pattern| match &pattern.meaning {
        Meaning::Plain(refusal) => Some(refusal),
        Meaning::BaseMissing => None,
    });
    for refusal in rows {
        assert_eq!(Refusal::from_word(refusal.word()).as_ref(), Some(refusal));
    }
    let base = Refusal::BaseMissing { version: "11.2.0".to_owned() };
    assert_eq!((base.word(), Refusal::from_word("base_missing")), ("base_missing", None));
    assert_eq!((Refusal::from_word("Disk_Full"), Refusal::from_word("")), (None, None));
}

#[test]
fn an_unknown_job_is_denied_only_where_a_job_was_asked_for() {
    let ask = |about, code, text| {
        classify(Signals { http_status: 200, code, text, about, reason: None }, &Messages::default())
    };
    for text in ["job 99 not found", "Job does not exist", "No such job", "invalid job id", "unknown job 99"]
    {
        assert_eq!(ask(About::OneJob, None, text), Refusal::JobLost, "{text}");
        assert_eq!(ask(About::OneJob, Some(17), text), Refusal::JobLost, "{text}");
    }
    for code in [7, 13] {
        assert_eq!(ask(About::OneJob, Some(code), ""), Refusal::JobLost);
        assert_eq!(ask(About::Device, Some(code), ""), Refusal::Unrecognised);
    }
    assert_eq!(ask(About::Device, None, "job failed: file not found"), Refusal::Unrecognised);
    assert_eq!(ask(About::OneJob, Some(17), "show -> jobs is unexpected"), Refusal::Permanent);
    assert_eq!(ask(About::OneJob, None, "A commit is in progress."), Refusal::BusyCommit);
    assert_eq!(ask(About::OneJob, Some(403), "invalid job"), Refusal::CredentialsRejected);
}
