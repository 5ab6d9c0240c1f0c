//! What is sent in place of an answer while a fault strikes.

use super::reply::{Body, Reply};
use super::xml;
use crate::faults::FaultKind;
use crate::word::Word;

/// A captive portal's page.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body><h1>Welcome</h1>\
                    <p>Please accept the terms of use<br>to go on.</body></html>\n";

/// The spoiled answer; `key` is what the request carried.
pub fn reply(fault: &FaultKind, key: &str, command: Word) -> Reply {
    match fault {
        FaultKind::HttpError { status } => {
            let page = format!("<html><body><h1>{status}</h1></body></html>\n");
            Reply { content_type: "text/html", ..Reply::xml(page) }.with_status(*status, None)
        }
        // Recorded through Panorama after a boot as "junk after document element".
        FaultKind::MalformedXml => Reply::xml(
            "<response status=\"success\"><result></result></response><response status=\"error\"><msg><line>",
        ),
        FaultKind::TruncatedXml => {
            Reply::xml("<response status=\"success\"><result><system><hostname>ber-ed")
        }
        FaultKind::Empty => Reply::xml(""),
        FaultKind::Html => Reply { content_type: "text/html; charset=utf-8", ..Reply::xml(PAGE) },
        FaultKind::HugeBody { bytes } => Reply { body: Body::Endless { bytes: *bytes }, ..Reply::xml("") },
        FaultKind::NestedXml { depth } => {
            let depth = usize::try_from(*depth).unwrap_or(usize::MAX);
            let (open, close) = ("<a>".repeat(depth), "</a>".repeat(depth));
            Reply::xml(format!("<response status=\"success\"><result>{open}{close}</result></response>"))
        }
        FaultKind::SessionTimedOut => xml::error(Some(22), "Session timed out"),
        // The body was never captured; the reason phrase was, with its trailing blank.
        FaultKind::KeyExpired => {
            Reply::xml("").with_status(400, Some(&format!("Key Expired: {key} has expired. ")))
        }
        // Recorded: white space where the message should be.
        FaultKind::BlankError => Reply::xml(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response status=\"error\" code=\"17\">\n    <msg>\n        <line>\n        </line>\n    </msg>\n</response>\n",
        ),
        FaultKind::ForbiddenEmpty => xml::invalid_credential(true),
        FaultKind::CredentialsRefused => xml::invalid_credential(false),
        FaultKind::Unauthorized => xml::error(Some(16), "Unauthorized request"),
        FaultKind::UpdateServer | FaultKind::UpdateServerUnknown => {
            let what = match command {
                Word::SupportCheck => "support",
                Word::ContentCheck => "content upgrade",
                _ => "upgrade",
            };
            let unknown = *fault == FaultKind::UpdateServerUnknown || command == Word::SupportCheck;
            let why = if unknown { "Unknown" } else { "generic communication" };
            let text = format!(
                "Failed to check {what} info due to {why} error. Please check network connectivity and try again."
            );
            xml::error(None, &text)
        }
        FaultKind::NotEntitled { text } => xml::error(None, text),
        // The rest never replaces an answer; a connection without one is the safe reading.
        FaultKind::Refuse
        | FaultKind::Hang
        | FaultKind::Reset
        | FaultKind::WrongCertificate
        | FaultKind::KeyTaken
        | FaultKind::Slow { .. }
        | FaultKind::Busy
        | FaultKind::BusyCommit
        | FaultKind::AnswerLost
        | FaultKind::NoJobId
        | FaultKind::JobVanishes
        | FaultKind::JobForgotten
        | FaultKind::Reboot { .. }
        | FaultKind::Stall
        | FaultKind::Pause { .. }
        | FaultKind::DownloadFails
        | FaultKind::NoRoom
        | FaultKind::FalseSuccess
        | FaultKind::BaseDeleted
        | FaultKind::WrongSerial { .. }
        | FaultKind::HashMismatch { .. }
        | FaultKind::HashDisputed { .. }
        | FaultKind::HashUnknown { .. }
        | FaultKind::HashAbsent
        | FaultKind::DiskFull
        | FaultKind::Passive => Reply::reset(),
    }
}
