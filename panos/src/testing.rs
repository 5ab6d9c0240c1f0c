//! What the readers' tests share: each whole answer is read as it stands, compact and spread out,
//! because recorded answers are mostly printed prettily by their authors and compact on the wire.

use crate::classify::{About, Messages};
use crate::envelope::{Fault, Missing, Reading, open};
use crate::redact::Redactor;
use crate::transport::Reply;
use crate::xml::Element;
use std::fmt::Debug;

/// An answer with HTTP status 200.
pub(crate) fn reply(body: &str) -> Reply {
    Reply { status: 200, reason: None, body: body.to_owned() }
}

/// Reads an answer that may be quoted, without any secret to hide.
pub(crate) fn plainly() -> Reading {
    Reading {
        redactor: Redactor::new(&[]),
        messages: Messages::default().into(),
        quotable: true,
        about: About::Device,
    }
}

/// Opens a whole answer in three layouts and returns what all of them gave.
pub(crate) fn read_both<T: PartialEq + Debug>(
    answer: &str,
    read: fn(&Element) -> Result<T, Missing>,
) -> Result<T, Fault> {
    let outcome = open(&reply(answer), &plainly(), read);
    for layout in [compact(answer), spread(answer)] {
        let other = open(&reply(&layout), &plainly(), read);
        match (&outcome, &other) {
            (Err(Fault::Unexpected { expected, .. }), Err(Fault::Unexpected { expected: same, .. })) => {
                assert_eq!(expected, same, "in another layout:\n{layout}");
            }
            _ => assert_eq!(outcome, other, "in another layout:\n{layout}"),
        }
    }
    outcome
}

/// What a success lacked.
#[track_caller]
pub(crate) fn missing<T: PartialEq + Debug>(
    answer: &str,
    read: fn(&Element) -> Result<T, Missing>,
) -> String {
    match read_both(answer, read) {
        Err(Fault::Unexpected { expected, .. }) => expected,
        other => panic!("expected an unexpected answer, found {other:?}"),
    }
}

/// Without white space between tags.
fn compact(answer: &str) -> String {
    let mut out = String::new();
    for (n, piece) in answer.split('>').enumerate() {
        if n > 0 {
            out.push('>');
        }
        out.push_str(if piece.trim_start().starts_with('<') { piece.trim_start() } else { piece });
    }
    out.trim().to_owned()
}

/// With a line break and an indent between tags, and a prolog.
fn spread(answer: &str) -> String {
    let prolog = if answer.trim_start().starts_with("<?xml") { "" } else { "<?xml version=\"1.0\"?>\n" };
    format!("{prolog}{}\n", compact(answer).replace("><", ">\r\n    <"))
}
