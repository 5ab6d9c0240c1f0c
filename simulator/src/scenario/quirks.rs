//! Switches for what real answers differ in: one field per oddity, each recorded somewhere.
//!
//! A generated fleet mixes the harmless ones by seed; a scenario file sets any of them on a single device. A
//! missing oddity of the device is added here, and in the one place of [`crate::api`] that prints it. Leaves to
//! others: what goes wrong at run time ([`crate::faults`]).

use serde::Deserialize;

use crate::seeded::Seed;
use crate::span::Span;

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

/// The `Content-Type` of an answer; all three are recorded.
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
}

impl ContentType {
    /// The header's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::XmlUtf8 => "application/xml; charset=UTF-8",
            Self::Xml => "application/xml",
            Self::Plain => "text/plain",
        }
    }
}

/// How one device differs from the next, without anything being wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Quirks {
    /// Answers begin with `<?xml …?>`.
    pub prolog: bool,
    /// Answers are indented, one element a line, instead of compact.
    pub pretty: bool,
    /// Content type of XML answers.
    pub content_type: ContentType,
    /// Keygen answers with double quotes (the documentation) instead of ` = ` and single quotes (recorded).
    pub plain_keygen: bool,
    /// A refused key or password comes as 403 with an empty `<msg>`.
    pub silent_403: bool,
    /// For this long after a reboot every key is refused: authentication is still starting.
    pub auth_late: Option<Span>,
    /// Hours that the device's clock shows east of Greenwich; no answer names the zone.
    pub zone_h: i8,
    /// `df` wraps the line of `/opt/panrepo` after the device name.
    pub wrapped_df: bool,
    /// There is no mount `/opt/panrepo`: images lie on `/`.
    pub no_panrepo: bool,
    /// `released-on` has two blanks between date and time.
    pub two_blanks: bool,
    /// The list carries `<release-type>`.
    pub release_types: bool,
    /// `<sha256>` stands between line breaks, as in Panorama's lists.
    pub wrapped_sha256: bool,
    /// The list carries `.xfr`, beta and custom builds.
    pub relics: bool,
    /// One version stands twice in the list.
    pub duplicates: bool,
    /// The list is in no order; else newest first.
    pub unsorted: bool,
    /// No entry says `current` yes: a pulled build is running.
    pub no_current: bool,
    /// An imported image has `(null)` for name and sizes.
    pub null_imports: bool,
    /// An imported image appears only after the next check.
    pub late_imports: bool,
    /// An import answers `Resource temporarily unavailable` although the file arrived.
    pub unavailable_imports: bool,
    /// What a finished job says in `<progress>`.
    pub finished_progress: FinishedProgress,
    /// Jobs are printed with few fields and a time-only `tfin`.
    pub short_jobs: bool,
    /// Jobs have `<admin/>` (8.x) in place of `<user/>`.
    pub admin_field: bool,
    /// `show jobs all` prints each job twice (10.2 and later).
    pub repeated_jobs: bool,
    /// `show jobs all` begins with a Failed-Job that has no id.
    pub failed_job: bool,
    /// The file of a download that lacked its base counts as `downloaded`; unknown on real devices.
    pub orphan_shows_downloaded: bool,
    /// How a restart request is answered.
    pub restart_reply: RestartReply,
    /// In Panorama's list a standalone device says `<ha><state>no</state></ha>`.
    pub ha_says_no: bool,
    /// Panorama's list holds another `@name` than `<serial>`.
    pub odd_entry_name: bool,
    /// Panorama knows no address for it: `unknown`.
    pub unknown_address: bool,
}

impl Quirks {
    /// A harmless mixture for the device called `serial`: shapes differ, nothing fails.
    pub fn mixed(seed: Seed, serial: &str) -> Self {
        let chance = |what: &str, percent| seed.chance(&["quirk", serial, what], percent);
        let types = [ContentType::XmlUtf8, ContentType::XmlUtf8, ContentType::Xml, ContentType::Plain];
        let progress = [
            FinishedProgress::Timestamp,
            FinishedProgress::Timestamp,
            FinishedProgress::TimeOnly,
            FinishedProgress::Hundred,
            FinishedProgress::Empty,
        ];
        Self {
            prolog: chance("prolog", 30),
            pretty: chance("pretty", 20),
            content_type: *seed.pick(&["quirk", serial, "type"], &types),
            plain_keygen: chance("keygen", 15),
            zone_h: i8::try_from(seed.below(&["quirk", serial, "zone"], 13)).unwrap_or(0) - 6,
            wrapped_df: chance("df", 8),
            two_blanks: chance("blanks", 30),
            release_types: chance("types", 60),
            wrapped_sha256: chance("sha256", 10),
            relics: chance("relics", 20),
            duplicates: chance("duplicates", 10),
            unsorted: chance("unsorted", 15),
            finished_progress: *seed.pick(&["quirk", serial, "progress"], &progress),
            short_jobs: chance("short", 15),
            repeated_jobs: chance("repeated", 40),
            failed_job: chance("failed", 10),
            ha_says_no: chance("ha", 20),
            ..Self::default()
        }
    }
}
