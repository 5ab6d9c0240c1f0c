//! The envelope, and the errors that every command shares.

use std::fmt::Display;
use std::fmt::Write;

use super::reply::Reply;

/// A text for inside an element.
pub fn escape(text: &str) -> String {
    quick_xml::escape::partial_escape(text).into_owned()
}

/// `<name>text</name>`, the text escaped.
pub fn element(name: &str, text: impl Display) -> String {
    let text = escape(&text.to_string());
    format!("<{name}>{text}</{name}>")
}

/// Several elements in a row.
pub fn elements(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        let _ = write!(text, "<{name}>{}</{name}>", escape(value));
    }
    text
}

/// `status="success"` around a result that is XML already.
pub fn success(result: &str) -> Reply {
    Reply::xml(format!("<response status=\"success\"><result>{result}</result></response>"))
}

/// `status="error"` with one line.
pub fn error(code: Option<u8>, line: &str) -> Reply {
    let code = code.map(|code| format!(" code=\"{code}\"")).unwrap_or_default();
    let line = escape(line);
    Reply::xml(format!("<response status=\"error\"{code}><msg><line>{line}</line></msg></response>"))
}

/// A job was begun: code 19, the text and the id (API guide 9.1 and two captures).
pub fn enqueued(line: &str, id: u32) -> Reply {
    let line = escape(line);
    Reply::xml(format!(
        "<response status=\"success\" code=\"19\"><result><msg><line>{line}</line></msg><job>{id}</job></result></response>"
    ))
}

/// A command that the box does not know: code 17, two blanks (an issue of a public client).
pub fn unexpected() -> Reply {
    error(Some(17), "  is unexpected")
}

/// A command that is not XML: code 18 of the vendor's table; the text is ours.
pub fn malformed() -> Reply {
    error(Some(18), "Malformed Request")
}

/// HTTP 403 with the text in body and reason phrase (two captures, joined).
pub fn invalid_credential(silent: bool) -> Reply {
    if silent {
        return Reply::xml(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response status=\"error\" code=\"403\">\n    <result>\n        <msg></msg>\n    </result>\n</response>\n",
        )
        .with_status(403, None);
    }
    Reply::xml(
        "<response status = 'error' code = '403'><result><msg>Invalid Credential</msg></result></response>",
    )
    .with_status(403, Some("Invalid Credential"))
}

/// HTTP 400 for a parameter, in the form of the captured one.
pub fn bad_parameter(message: &str) -> Reply {
    let message = escape(message);
    Reply::xml(format!(
        "<response status = 'error' code = '400'><result><msg>{message}</msg></result></response>"
    ))
    .with_status(400, None)
}
