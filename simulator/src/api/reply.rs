//! An answer before it becomes HTTP.

use std::borrow::Cow;

use quick_xml::events::Event;
use quick_xml::{Reader, Writer};

use crate::journal::Begun;
use crate::scenario::{ContentType, ErrorPlace, Quirks};

/// Bytes of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Text(String),
    /// A beginning, then blanks up to so many bytes.
    Endless {
        /// How many.
        bytes: u64,
    },
}

/// What happens on the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The answer is sent.
    Sent,
    /// Nothing is sent: the connection is reset.
    Reset,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase, where it carries something.
    pub reason: Option<String>,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// What is sent.
    pub body: Body,
    /// Whether it is sent.
    pub ending: Ending,
    /// The download that began with the request, for the journal: it is not sent.
    pub begun: Option<Begun>,
}

impl Reply {
    /// XML with HTTP 200.
    pub fn xml(text: impl Into<String>) -> Self {
        Self {
            status: 200,
            reason: None,
            content_type: ContentType::XmlUtf8.as_str(),
            body: Body::Text(text.into()),
            ending: Ending::Sent,
            begun: None,
        }
    }

    /// No answer at all.
    pub fn reset() -> Self {
        Self { ending: Ending::Reset, ..Self::xml("") }
    }

    /// The connection is reset in place of this answer; what began with it goes on.
    #[must_use]
    pub fn lost(self) -> Self {
        Self { begun: self.begun, ..Self::reset() }
    }

    /// With another status and reason phrase.
    #[must_use]
    pub fn with_status(self, status: u16, reason: Option<&str>) -> Self {
        Self { status, reason: reason.map(str::to_owned), ..self }
    }

    /// As the device's oddities have it: prolog, indentation, content type, the place of an error's text.
    #[must_use]
    pub fn dressed(self, quirks: &Quirks) -> Self {
        let Body::Text(text) = &self.body else { return self };
        if self.status != 200 || self.ending == Ending::Reset {
            return self;
        }
        let text = with_error_at(quirks.error_place, text);
        let text = if quirks.pretty { Cow::Owned(indented(&text).into_owned()) } else { text };
        let prolog = if quirks.prolog { "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" } else { "" };
        Self {
            body: Body::Text(format!("{prolog}{text}")),
            content_type: quirks.content_type.as_str(),
            ..self
        }
    }

    /// In a few words, for the journal. Holds no key: a reason phrase is left out.
    pub fn summary(&self) -> String {
        match (&self.ending, &self.body) {
            (Ending::Reset, _) => "reset".to_owned(),
            (Ending::Sent, Body::Endless { bytes }) => format!("http {}, {bytes} bytes", self.status),
            (Ending::Sent, Body::Text(_)) if self.status != 200 => format!("http {}", self.status),
            (Ending::Sent, Body::Text(text)) => of_text(text),
        }
    }
}

/// The same error, its text in another place.
fn with_error_at(place: ErrorPlace, text: &str) -> Cow<'_, str> {
    const OPEN: &str = "<msg><line>";
    const CLOSE: &str = "</line></msg>";
    if !text.starts_with("<response status=\"error\"") {
        return Cow::Borrowed(text);
    }
    let (open, close) = match place {
        ErrorPlace::Line => return Cow::Borrowed(text),
        ErrorPlace::NestedLine => ("<msg><line><line>", "</line></line></msg>"),
        ErrorPlace::ResultLine => ("<result><msg><line>", "</line></msg></result>"),
        ErrorPlace::Result => ("<result><msg>", "</msg></result>"),
        ErrorPlace::Msg => ("<msg>", "</msg>"),
    };
    Cow::Owned(text.replace(OPEN, open).replace(CLOSE, close))
}

fn of_text(text: &str) -> String {
    let between = |open: &str, close: &str| {
        let rest = &text[text.find(open)? + open.len()..];
        Some(rest[..rest.find(close)?].to_owned())
    };
    let head = &text[..text.len().min(200)];
    if head.contains("status=\"error\"") || head.contains("status = 'error'") {
        let line = between("<line>", "</line>").or_else(|| between("<msg>", "</msg>"));
        return format!("error: {}", line.unwrap_or_default().trim());
    }
    match between("<msg><line>", "</line>") {
        Some(line) => line,
        None if head.contains("<response") => "success".to_owned(),
        None => "not xml".to_owned(),
    }
}

/// The same document, one element a line; texts stay as they are.
fn indented(text: &str) -> Cow<'_, str> {
    let mut reader = Reader::from_str(text);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => {
                if writer.write_event(event).is_err() {
                    return Cow::Borrowed(text);
                }
            }
            Err(_) => return Cow::Borrowed(text),
        }
    }
    String::from_utf8(writer.into_inner()).map_or(Cow::Borrowed(text), Cow::Owned)
}
