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
        FaultKind::ForbiddenEmpty => xml::invalid_credential(true),
        FaultKind::CredentialsRefused => xml::invalid_credential(false),
        FaultKind::Unauthorized => xml::error(Some(16), "Unauthorized request"),
        FaultKind::UpdateServer => {
            let what = if command == Word::SupportCheck {
                "support info due to Unknown"
            } else {
                "upgrade info due to generic communication"
            };
            xml::error(
                None,
                &format!("Failed to check {what} error. Please check network connectivity and try again."),
            )
        }
        // The rest never replaces an answer; a connection without one is the safe reading.
        FaultKind::Refuse
        | FaultKind::Hang
        | FaultKind::Reset
        | FaultKind::Slow { .. }
        | FaultKind::Busy
        | FaultKind::JobVanishes
        | FaultKind::Reboot { .. }
        | FaultKind::Stall
        | FaultKind::WrongSerial { .. }
        | FaultKind::HashMismatch { .. }
        | FaultKind::HashAbsent
        | FaultKind::DiskFull
        | FaultKind::NoJobId
        | FaultKind::DownloadFails => Reply::reset(),
    }
}
