//! From a whole answer to the content of `<response>`, or to the reason why there is none.
//!
//! Promises: `status="success"` is the only success; an error's text is looked for in every place where
//! PAN-OS has been seen to put it. Leaves to others: what the text means
//! ([`classify`]), what a command's answer holds (`commands/`).

use crate::classify::{self, About, Messages, Refusal, Signals};
use crate::limits::MAX_LINES;
use crate::redact::{Redactor, line};
use crate::transport::Reply;
use crate::xml::Element;
use std::sync::Arc;

/// Why an answer has no content for us. The client adds who was asked what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Refused { refusal: Refusal, message: String },
    Unexpected { expected: String, found: String },
}

/// A success lacks this: an element, or a form of its text. Made by the readers in `commands/`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) String);

impl Missing {
    /// No such element at the path.
    pub(crate) fn element(path: &str) -> Self {
        Self(format!("`{path}` in a success"))
    }
}

/// How an answer is read.
#[derive(Clone)]
pub(crate) struct Reading {
    /// What must not be repeated.
    pub(crate) redactor: Redactor,
    /// What the operator has taught.
    pub(crate) messages: Arc<Messages>,
    /// False for an answer that may hold a secret which `redactor` does not know.
    pub(crate) quotable: bool,
    /// What was asked for.
    pub(crate) about: About,
}

/// Opens an answer and hands the content to `read`.
pub(crate) fn open<T>(
    reply: &Reply,
    reading: &Reading,
    read: impl FnOnce(&Element) -> Result<T, Missing>,
) -> Result<T, Fault> {
    let quote =
        || if reading.quotable { reading.redactor.excerpt(&reply.body) } else { "(not shown)".to_owned() };
    let unexpected = |expected: String, found: String| Fault::Unexpected { expected, found };
    let take = |response: &Element| {
        read(response).map_err(|Missing(expected)| unexpected(reading.redactor.message(&expected), quote()))
    };

    let parsed = Element::parse(&reply.body);
    let response = match &parsed {
        Ok(root) if root.name() == "response" => Some(root),
        Ok(_) | Err(_) => None,
    };
    if !(200..300).contains(&reply.status) {
        return Err(match response {
            None if !speaks_by_status(reply.status) => unexpected(
                "an answer of the XML API".to_owned(),
                format!("HTTP status {} with {}", reply.status, quote()),
            ),
            response => refused(reply, response, reading),
        });
    }
    let Some(response) = response else {
        let found = match &parsed {
            Err(malformed) => format!("{malformed}: {}", quote()),
            Ok(_) => quote(),
        };
        return Err(unexpected("one `<response>` document".to_owned(), found));
    };
    match response.attribute("status") {
        Some("success") => take(response),
        Some("error") if classify::says_done(&message(response)) => take(response),
        Some("error") => Err(refused(reply, Some(response), reading)),
        Some(_) | None => Err(unexpected("`status` to be \"success\" or \"error\"".to_owned(), quote())),
    }
}

/// Whether an HTTP status alone, without a document, is an answer of PAN-OS to act on.
fn speaks_by_status(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 429 | 500..=599)
}

fn refused(reply: &Reply, response: Option<&Element>, reading: &Reading) -> Fault {
    let text = response.map(message).unwrap_or_default();
    let code =
        response.and_then(|response| response.attribute("code")).and_then(|code| code.trim().parse().ok());
    let reason = reply.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let signals = Signals { http_status: reply.status, reason, code, text: &text, about: reading.about };
    let refusal = classify::classify(signals, &reading.messages);

    let mut said = Vec::new();
    if !(200..300).contains(&reply.status) {
        said.push(reason.map_or_else(
            || format!("HTTP {}", reply.status),
            |reason| format!("HTTP {} {reason}", reply.status),
        ));
    }
    if let Some(code) = code.filter(|&code| code != reply.status) {
        said.push(format!("code {code}"));
    }
    if !text.is_empty() && reason != Some(text.as_str()) {
        said.push(text);
    }
    if said.is_empty() {
        said.push("no reason given".to_owned());
    }
    Fault::Refused { refusal, message: reading.redactor.message(&said.join(": ")) }
}

/// The text of an answer, from the first place that has one.
///
/// Five places in the order of pan-python's `xapi.py`, because the vendor does not document the formats:
/// `msg/line`, `result/msg/line`, `result/msg`, `msg`, `result/job/details/line`. Last comes the text of
/// `result` itself, so that an error in yet another form keeps its words.
pub(crate) fn message(response: &Element) -> String {
    let with_lines = |element: &&Element| element.child("line").is_some();
    let places: [&dyn Fn() -> Option<String>; 6] = [
        &|| response.child("msg").filter(with_lines).map(joined),
        &|| response.at(&["result", "msg"]).filter(with_lines).map(joined),
        &|| response.at(&["result", "msg"]).map(joined),
        &|| response.child("msg").map(joined),
        &|| response.at(&["result", "job", "details"]).map(joined),
        &|| response.child("result").map(|result| line(result.text())),
    ];
    places.iter().filter_map(|place| place()).find(|text| !text.is_empty()).unwrap_or_default()
}

fn joined(element: &Element) -> String {
    lines(element).join("; ")
}

/// The lines below an element: `<line>` with text, `<line>` in `<line>`, or plain text. At most
/// [`MAX_LINES`], each as long as a [`line()`].
pub(crate) fn lines(element: &Element) -> Vec<String> {
    let mut found = Vec::new();
    collect(element, &mut found);
    found
}

fn collect(element: &Element, found: &mut Vec<String>) {
    if !element.text().is_empty() && found.len() < MAX_LINES {
        found.push(line(element.text()));
    }
    // Depth is bounded by the parser.
    for child in element.all_children() {
        collect(child, found);
    }
}

#[cfg(test)]
mod tests;
