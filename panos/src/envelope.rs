//! From a whole answer to the content of `<response>`, or to the reason why there is none.
//!
//! Promises: `status="success"` is the only success; an error's text is looked for in every place where
//! PAN-OS has been seen to put it. Leaves to others: what the text means
//! ([`classify`](crate::classify)), what a command's answer holds (`commands/`).

use crate::classify::{Refusal, Signals, classify};
use crate::redact::{Redactor, one_line};
use crate::transport::Reply;
use crate::xml::Element;

/// Longest message that is kept; a job's details may be longer than anybody reads.
const MAX_MESSAGE_CHARS: usize = 1_000;

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

/// Opens an answer and hands the content to `read`.
///
/// `quotable` is false for an answer that may hold a secret which `redactor` does not know.
pub(crate) fn open<T>(
    reply: &Reply,
    redactor: &Redactor,
    quotable: bool,
    read: impl FnOnce(&Element) -> Result<T, Missing>,
) -> Result<T, Fault> {
    let quote = || if quotable { redactor.excerpt(&reply.body) } else { "(not shown)".to_owned() };
    let unexpected = |expected: String, found: String| Fault::Unexpected { expected, found };

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
            response => refused(reply, response, redactor),
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
        Some("success") => read(response).map_err(|Missing(expected)| unexpected(expected, quote())),
        Some("error") => Err(refused(reply, Some(response), redactor)),
        Some(_) | None => Err(unexpected("`status` to be \"success\" or \"error\"".to_owned(), quote())),
    }
}

/// Whether an HTTP status alone, without a document, is an answer of PAN-OS to act on.
fn speaks_by_status(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 429 | 500..=599)
}

fn refused(reply: &Reply, response: Option<&Element>, redactor: &Redactor) -> Fault {
    let text = response.map(message).unwrap_or_default();
    let code =
        response.and_then(|response| response.attribute("code")).and_then(|code| code.trim().parse().ok());
    let reason = reply.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let refusal = classify(Signals { http_status: reply.status, reason, code, text: &text });

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
    let message = one_line(&redactor.clean(&said.join(": "))).chars().take(MAX_MESSAGE_CHARS).collect();
    Fault::Refused { refusal, message }
}

/// The text of an answer, from the first of the five places that has one.
///
/// The order is that of pan-python's `xapi.py`; the formats are not documented by the vendor.
pub(crate) fn message(response: &Element) -> String {
    const PLACES: [&[&str]; 3] = [&["msg"], &["result", "msg"], &["result", "job", "details"]];
    PLACES
        .iter()
        .filter_map(|place| response.at(place))
        .map(|element| lines(element).join("; "))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// The lines below an element: `<line>` with text, `<line>` in `<line>`, or plain text.
pub(crate) fn lines(element: &Element) -> Vec<String> {
    let mut found = Vec::new();
    collect(element, &mut found);
    found
}

fn collect(element: &Element, found: &mut Vec<String>) {
    if !element.text().is_empty() {
        found.push(element.text().to_owned());
    }
    // Depth is bounded by the parser.
    for child in element.all_children() {
        collect(child, found);
    }
}

#[cfg(test)]
mod tests;
