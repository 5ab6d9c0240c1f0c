//! What a request asks for: its type, and the `cmd` document of an `op`.
//!
//! A command is read as paths of element names with the texts at their ends, so that `<info></info>` and
//! `<info/>` are the same and the order of parameters does not matter.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::request::Request;
use crate::version::Version;
use crate::word::Word;

/// Elements that a command may nest.
const DEPTH_LIMIT: usize = 32;

/// Which jobs are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobFilter {
    /// `all`.
    All,
    /// `processed`: over.
    Processed,
    /// `pending`: not over.
    Pending,
}

/// An operational command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the commands, documented in `Word`")]
pub enum Command {
    SystemInfo,
    DiskSpace,
    SoftwareCheck,
    SoftwareInfo,
    Download { version: String, sync_to_peer: bool },
    Install { version: String },
    Delete { version: String },
    Job { id: String },
    Jobs(JobFilter),
    HaState,
    SupportCheck,
    LicenseInfo,
    LicenseFetch,
    Content,
    ChassisReady,
    Restart,
    Locks { element: &'static str },
    SwmStatus,
    DeviceGroups,
    Devices { connected_only: bool },
    Unknown { path: String },
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// `type=keygen`.
    Keygen {
        /// Account.
        username: String,
        /// Its password.
        password: String,
    },
    /// `type=version`.
    Version,
    /// `type=op`.
    Op(Command),
    /// `type=config` with an action that only reads.
    Config {
        /// What is to be read.
        xpath: String,
    },
    /// `type=import` with category software.
    Import {
        /// Name of the uploaded file.
        filename: String,
        /// Its size.
        size_bytes: u64,
    },
    /// `type=op` whose `cmd` is no XML.
    Malformed {
        /// Why.
        reason: String,
    },
    /// Another type, or none.
    Unsupported {
        /// What it says.
        kind: String,
    },
}

impl Ask {
    /// Reads a request.
    pub fn read(request: &Request) -> Self {
        match request.parameter("type") {
            Some("keygen") => Self::Keygen {
                username: request.parameter("user").unwrap_or_default().to_owned(),
                password: request.parameter("password").unwrap_or_default().to_owned(),
            },
            Some("version") => Self::Version,
            Some("op") => match parse(request.parameter("cmd").unwrap_or_default()) {
                Ok(command) => Self::Op(command),
                Err(reason) => Self::Malformed { reason },
            },
            Some("config") if matches!(request.parameter("action"), Some("get" | "show")) => {
                Self::Config { xpath: request.parameter("xpath").unwrap_or_default().to_owned() }
            }
            Some("import") if request.parameter("category") == Some("software") => match &request.upload {
                Some(upload) => {
                    Self::Import { filename: upload.filename.clone(), size_bytes: upload.size_bytes }
                }
                None => Self::Unsupported { kind: "import without a file".to_owned() },
            },
            kind => Self::Unsupported { kind: kind.unwrap_or_default().to_owned() },
        }
    }

    /// The word for counters and journal.
    pub fn word(&self) -> Word {
        match self {
            Self::Keygen { .. } => Word::Keygen,
            Self::Version => Word::Version,
            Self::Config { .. } => Word::Config,
            Self::Op(command) => command.word(),
            Self::Import { .. } => Word::Import,
            Self::Malformed { .. } | Self::Unsupported { .. } => Word::Unknown,
        }
    }

    /// The job of the device that it is about.
    pub fn device_job(&self) -> Option<u32> {
        match self {
            Self::Op(Command::Job { id }) => id.parse().ok(),
            Self::Keygen { .. }
            | Self::Version
            | Self::Config { .. }
            | Self::Op(_)
            | Self::Import { .. }
            | Self::Malformed { .. }
            | Self::Unsupported { .. } => None,
        }
    }

    /// The version that it is about.
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Op(
                Command::Download { version, .. }
                | Command::Install { version }
                | Command::Delete { version },
            ) => version.parse().ok(),
            Self::Keygen { .. }
            | Self::Version
            | Self::Config { .. }
            | Self::Op(_)
            | Self::Import { .. }
            | Self::Malformed { .. }
            | Self::Unsupported { .. } => None,
        }
    }
}

impl Command {
    fn word(&self) -> Word {
        match self {
            Self::SystemInfo => Word::SystemInfo,
            Self::DiskSpace => Word::DiskSpace,
            Self::SoftwareCheck => Word::SoftwareCheck,
            Self::SoftwareInfo => Word::SoftwareInfo,
            Self::Download { .. } => Word::Download,
            Self::Install { .. } => Word::Install,
            Self::Delete { .. } => Word::Delete,
            Self::Job { .. } => Word::Job,
            Self::Jobs(_) => Word::Jobs,
            Self::HaState => Word::HaState,
            Self::SupportCheck => Word::SupportCheck,
            Self::LicenseInfo => Word::LicenseInfo,
            Self::LicenseFetch => Word::LicenseFetch,
            Self::Content => Word::ContentCheck,
            Self::DeviceGroups => Word::DeviceGroups,
            Self::ChassisReady => Word::ChassisReady,
            Self::Restart => Word::Restart,
            Self::Locks { .. } => Word::Locks,
            Self::SwmStatus => Word::SwmStatus,
            Self::Devices { .. } => Word::Devices,
            Self::Unknown { .. } => Word::Unknown,
        }
    }
}

/// Reads a `cmd` document.
fn parse(cmd: &str) -> Result<Command, String> {
    let leaves = leaves(cmd)?;
    let text = |path: &str| leaves.iter().find(|(found, _)| found == path).map(|(_, text)| text.clone());
    let version = |of: &str| text(&format!("{of}/version")).unwrap_or_default();
    let has =
        |path: &str| leaves.iter().any(|(found, _)| found == path || found.starts_with(&format!("{path}/")));

    const SOFTWARE: &str = "request/system/software";
    let first = leaves.first().map(|(path, _)| path.as_str()).unwrap_or_default();
    Ok(match first {
        "show/system/info" => Command::SystemInfo,
        "show/system/disk-space" => Command::DiskSpace,
        "request/system/software/check" => Command::SoftwareCheck,
        "request/system/software/info" => Command::SoftwareInfo,
        _ if has(&format!("{SOFTWARE}/download")) => {
            let of = format!("{SOFTWARE}/download");
            let sync_to_peer = text(&format!("{of}/sync-to-peer")).is_some_and(|answer| answer == "yes");
            Command::Download { version: version(&of), sync_to_peer }
        }
        _ if has(&format!("{SOFTWARE}/install")) => {
            Command::Install { version: version(&format!("{SOFTWARE}/install")) }
        }
        "delete/software/version" => Command::Delete { version: version("delete/software") },
        "show/jobs/id" => Command::Job { id: text("show/jobs/id").unwrap_or_default() },
        "show/jobs/all" => Command::Jobs(JobFilter::All),
        "show/jobs/processed" => Command::Jobs(JobFilter::Processed),
        "show/jobs/pending" => Command::Jobs(JobFilter::Pending),
        "show/high-availability/state" => Command::HaState,
        "request/support/check" => Command::SupportCheck,
        "request/license/info" => Command::LicenseInfo,
        "request/license/fetch" => Command::LicenseFetch,
        "request/content/upgrade/check" | "request/content/upgrade/info" => Command::Content,
        "show/devicegroups" => Command::DeviceGroups,
        "show/chassis-ready" => Command::ChassisReady,
        "request/restart/system" => Command::Restart,
        "show/devices/connected" => Command::Devices { connected_only: true },
        "show/devices/all" => Command::Devices { connected_only: false },
        _ if has("show/config-locks") => Command::Locks { element: "config-locks" },
        _ if has("show/commit-locks") => Command::Locks { element: "commit-locks" },
        "debug/swm/status" => Command::SwmStatus,
        path => Command::Unknown { path: path.to_owned() },
    })
}

/// Every element without children, as path and text.
fn leaves(cmd: &str) -> Result<Vec<(String, String)>, String> {
    let mut reader = Reader::from_str(cmd);
    let mut path: Vec<String> = Vec::new();
    let mut leaves = Vec::new();
    let mut text = String::new();
    let mut fresh = false;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if path.len() >= DEPTH_LIMIT {
                    return Err("nested too deeply".to_owned());
                }
                path.push(start.name().as_ref().to_owned());
                text.clear();
                fresh = true;
            }
            Event::Empty(empty) => {
                path.push(empty.name().as_ref().to_owned());
                leaves.push((path.join("/"), String::new()));
                path.pop();
                fresh = false;
            }
            Event::Text(found) => text.push_str(&found),
            Event::CData(found) => text.push_str(&found),
            Event::End(_) => {
                if fresh {
                    leaves.push((path.join("/"), text.trim().to_owned()));
                }
                path.pop();
                text.clear();
                fresh = false;
            }
            Event::Eof if path.is_empty() && !leaves.is_empty() => return Ok(leaves),
            Event::Eof => return Err("ends too early".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::DocType(_) | Event::GeneralRef(_) => return Err("holds an entity".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_empty_element_are_read() {
        let forms = ["<show><system><info></info></system></show>", "<show><system><info/></system></show>"];
        for cmd in forms {
            assert_eq!(parse(cmd), Ok(Command::SystemInfo), "{cmd}");
        }
    }

    #[test]
    fn a_download_is_read_with_its_parameters_in_any_order() {
        for cmd in [
            "<request><system><software><download><version>11.1.4-h7</version><sync-to-peer>yes</sync-to-peer></download></software></system></request>",
            "<request><system><software><download><sync-to-peer>yes</sync-to-peer><version>11.1.4-h7</version></download></software></system></request>",
        ] {
            let expected = Command::Download { version: "11.1.4-h7".to_owned(), sync_to_peer: true };
            assert_eq!(parse(cmd), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_xml_is_malformed() {
        for cmd in ["", "show system info", "<show><system>", "<show></system>", "<!DOCTYPE a><a/><b>&x;</b>"]
        {
            assert!(parse(cmd).is_err(), "{cmd}");
        }
        assert_eq!(parse("<show><clock/></show>"), Ok(Command::Unknown { path: "show/clock".to_owned() }));
    }
}
