//! Switches for what real answers differ in: one field per oddity, each recorded somewhere.
//!
//! A generated fleet mixes the harmless ones by seed; a scenario file sets any of them on a single device or on
//! all. A missing oddity of the device is added here, and in the one place of [`crate::api`] that prints it; its
//! name and share of a realistic fleet stand in [`oddity`]. Leaves to others: what goes wrong at run time
//! ([`crate::faults`]).

mod forms;
pub mod oddity;

pub use forms::{
    ContentType, Details, ErrorPlace, FinishedProgress, PresentAnswer, RestartReply, Support, UncheckedList,
    UnknownJob,
};

use serde::Deserialize;

use crate::seeded::Seed;
use crate::span::Span;

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
    /// Where the text of an error stands.
    pub error_place: ErrorPlace,
    /// Keygen answers with double quotes (the documentation) instead of ` = ` and single quotes (recorded).
    pub plain_keygen: bool,
    /// A refused key or password comes as 403 with an empty `<msg>`.
    pub silent_403: bool,
    /// For this long after a reboot every key is refused: authentication is still starting.
    pub auth_late: Option<Span>,
    /// The first answer after a boot is not well-formed.
    pub malformed_after_boot: bool,
    /// For this long after a restart request the device goes on as if nothing had been asked, old uptime included.
    pub lingers: Option<Span>,
    /// The commit after a boot fails and is run again.
    pub autocommit_fails: bool,
    /// Content updates that are over when the device answers after a boot; their jobs take the next ids.
    pub jobs_after_boot: u32,
    /// Hours that the device's clock shows east of Greenwich; no answer names the zone.
    pub zone_h: i8,
    /// Seconds that the device's clock is fast.
    pub clock_fast_s: i32,
    /// The device's clock shows 23:59:50 when the simulator starts.
    pub near_midnight: bool,
    /// An uptime below a day is printed without days.
    pub short_uptime: bool,
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
    /// `<sha256>` is in capitals.
    pub upper_sha256: bool,
    /// The list carries `.xfr`, beta and custom builds.
    pub relics: bool,
    /// One version stands twice in the list.
    pub duplicates: bool,
    /// The list is in no order; else newest first.
    pub unsorted: bool,
    /// No entry says `current` yes: a pulled build is running.
    pub no_current: bool,
    /// What the list shows before the first check.
    pub unchecked_list: UncheckedList,
    /// A check takes this much longer than elsewhere.
    pub slow_check: Option<Span>,
    /// An image on its way is shown as `no` instead of `downloading`.
    pub hides_downloading: bool,
    /// The list shows a downloaded image this long after its job ended.
    pub list_lag: Option<Span>,
    /// An imported image has `(null)` for name and sizes, and no hash.
    pub null_imports: bool,
    /// An imported image appears only after the next check.
    pub late_imports: bool,
    /// An import answers `Resource temporarily unavailable` although the file arrived.
    pub unavailable_imports: bool,
    /// How long a download takes; as long as on the others when absent.
    pub download_time: Option<Span>,
    /// Percent of a download's time that loading into the software manager takes, with `progress` at 0; 10.
    pub loading_percent: Option<u8>,
    /// A running job says nothing in `<progress>`.
    pub silent_progress: bool,
    /// A job waits in the queue at first: status `PEND`, `queued` yes.
    pub queued: bool,
    /// For this long after an image was loaded, jobs fail within moments: the software manager is in use.
    pub busy_after_load: Option<Span>,
    /// This long after the first contact, a content update is downloaded without being asked for.
    pub content_update_after: Option<Span>,
    /// What comes of a request for an image that is there.
    pub present_answer: PresentAnswer,
    /// What a finished job says in `<progress>`.
    pub finished_progress: FinishedProgress,
    /// How `<details>` is filled.
    pub details: Details,
    /// `<warnings>` stands before `<details>`.
    pub warnings_first: bool,
    /// Jobs are printed with few fields and a time-only `tfin`.
    pub short_jobs: bool,
    /// `<tdeq>` is some seconds after `<tenq>`, past midnight where that falls between.
    pub late_dequeue: bool,
    /// Jobs have `<admin/>` (8.x) in place of `<user/>`.
    pub admin_field: bool,
    /// `show jobs all` prints each job twice (10.2 and later).
    pub repeated_jobs: bool,
    /// `show jobs all` begins with a Failed-Job that has no id.
    pub failed_job: bool,
    /// What is answered about a job that is not known.
    pub unknown_job: UnknownJob,
    /// The file of a download that lacked its base counts as `downloaded`; unknown on real devices.
    pub orphan_shows_downloaded: bool,
    /// A deletion answers with a job.
    pub delete_job: bool,
    /// How a restart request is answered.
    pub restart_reply: RestartReply,
    /// The copy of an image to the other member of the pair takes this much longer.
    pub sync_lag: Option<Span>,
    /// The copy of an image to the other member of the pair fails there.
    pub sync_fails: bool,
    /// In Panorama's list a standalone device says `<ha><state>no</state></ha>`.
    pub ha_says_no: bool,
    /// Panorama's list holds another `@name` than `<serial>`.
    pub odd_entry_name: bool,
    /// Panorama knows no address for it: `unknown`.
    pub unknown_address: bool,
    /// It has an IPv6 address alone, `::ffff:` and its IPv4 address, which leads to the same place.
    pub ipv6_only: bool,
    /// Panorama shows it as disconnected, next to all fields missing; it answers all the same.
    pub disconnected: bool,
    /// State of the support contract.
    pub support: Support,
    /// There is no licence at all.
    pub unlicensed: bool,
    /// Text of a download that does not fit; nobody captured one.
    pub disk_full_text: Option<String>,
    /// Text of a download request while another one runs.
    pub busy_text: Option<String>,
    /// What Panorama says in its place while it is not connected, after the serial and a blank.
    pub offline_text: Option<String>,
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
