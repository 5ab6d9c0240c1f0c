//! Oddities that come in more than two forms, each form as it is written in a scenario file.

use serde::Deserialize;

/// What a finished job says in `<progress>`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FinishedProgress {
    /// `2026/08/07 04:07:45` (recorded on 11.2.10-h8).
    #[default]
    Timestamp,
    /// `08:32:10` (the vendor's API guide 9.1).
    TimeOnly,
    /// Still `100`.
    Hundred,
    /// Nothing.
    Empty,
}

/// How a device answers a restart request; all three mean yes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartReply {
    /// Status success.
    #[default]
    Success,
    /// The same text in an error envelope.
    Error,
    /// No answer: the connection ends.
    Drop,
}

/// The `Content-Type` of an answer; all four are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum ContentType {
    /// `application/xml; charset=UTF-8`.
    #[default]
    #[serde(rename = "application/xml; charset=UTF-8")]
    XmlUtf8,
    /// `application/xml`.
    #[serde(rename = "application/xml")]
    Xml,
    /// `text/plain`.
    #[serde(rename = "text/plain")]
    Plain,
    /// `text/plain; charset=utf-8`.
    #[serde(rename = "text/plain; charset=utf-8")]
    PlainUtf8,
}

impl ContentType {
    /// The header's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::XmlUtf8 => "application/xml; charset=UTF-8",
            Self::Xml => "application/xml",
            Self::Plain => "text/plain",
            Self::PlainUtf8 => "text/plain; charset=utf-8",
        }
    }
}

/// Where the text of an error stands; a public client looks into each of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorPlace {
    /// `<msg><line>` (recorded).
    #[default]
    Line,
    /// `<msg><line><line>`.
    NestedLine,
    /// `<result><msg><line>`.
    ResultLine,
    /// `<result><msg>` (recorded with HTTP 400 and 403).
    Result,
    /// `<msg>` itself.
    Msg,
}

/// How `<details>` of a job is filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Details {
    /// `<line>` for each line.
    #[default]
    Lines,
    /// The same, each line in CDATA.
    Cdata,
    /// A bare text.
    Text,
    /// A line inside a line.
    Nested,
}

/// What the list shows before the device was first asked to check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UncheckedList {
    /// Nothing (whether a real box answers so is not known).
    #[default]
    Empty,
    /// The trains up to the running one, as of long ago.
    Stale,
    /// All of it: somebody checked a moment ago.
    Fresh,
}

/// The answer to a question about a job that the device does not know. None was ever captured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownJob {
    /// An error: `job N not found`.
    #[default]
    NotFound,
    /// An error: `No such job`.
    NoSuchJob,
    /// Success with an empty result.
    EmptyResult,
    /// Success with code 7, as `config get` answers for what is not there.
    CodeSeven,
}

/// What comes of a download request for an image that is there already; not captured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PresentAnswer {
    /// A job that ends soon and well.
    #[default]
    ShortJob,
    /// An error.
    Error,
}

/// What the update server knows of the device's support contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// Runs until the end of 2027.
    #[default]
    Valid,
    /// Ended.
    Expired,
    /// `Device not found on this update server`, everything else empty (recorded, edited).
    Unknown,
}
