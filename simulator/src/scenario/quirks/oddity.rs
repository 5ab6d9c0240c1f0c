//! The harmless oddities by name, and how many devices of a realistic fleet have each.
//!
//! Each says nothing but that shapes and moments differ: a job ends on a device with any of them as on one with
//! none. Leaves to others: what a device with an oddity does ([`super::Quirks`]), and what is harmful
//! ([`super::super::Problem`]).

use std::time::Duration;

use super::{
    ContentType, Details, ErrorPlace, FinishedProgress, PresentAnswer, Quirks, UncheckedList, UnknownJob,
};
use crate::device::spec::DeviceSpec;
use crate::scenario::Pace;
use crate::seeded::Seed;
use crate::span::Span;

/// One harmless difference.
#[derive(Debug)]
pub struct Oddity {
    /// Its name in reports and for `--without`.
    pub name: &'static str,
    /// What differs, as a sentence.
    pub sentence: &'static str,
    /// How many devices in a hundred have it.
    pub percent: u64,
    apply: fn(&mut DeviceSpec, Pace),
}

const fn oddity(
    name: &'static str,
    percent: u64,
    sentence: &'static str,
    apply: fn(&mut DeviceSpec, Pace),
) -> Oddity {
    Oddity { name, sentence, percent, apply }
}

/// A real duration, as long as it takes in this fleet.
fn scaled(pace: Pace, seconds: u64) -> Option<Span> {
    Some(Span(pace.scaled(Duration::from_secs(seconds))))
}

/// Every oddity. A later one wins over an earlier one that sets the same.
pub const ODDITIES: &[Oddity] = &[
    oddity("prolog", 30, "Answers begin with an XML declaration.", |spec, _| spec.quirks.prolog = true),
    oddity("pretty", 20, "Answers are indented.", |spec, _| spec.quirks.pretty = true),
    oddity("type-xml", 20, "Content type application/xml without a charset.", |spec, _| {
        spec.quirks.content_type = ContentType::Xml;
    }),
    oddity("type-plain", 15, "Content type text/plain.", |spec, _| {
        spec.quirks.content_type = ContentType::Plain;
    }),
    oddity("type-plain-utf8", 10, "Content type text/plain with a charset.", |spec, _| {
        spec.quirks.content_type = ContentType::PlainUtf8;
    }),
    oddity("error-nested-line", 8, "Errors stand in a line inside a line.", |spec, _| {
        spec.quirks.error_place = ErrorPlace::NestedLine;
    }),
    oddity("error-result-line", 8, "Errors stand in result/msg/line.", |spec, _| {
        spec.quirks.error_place = ErrorPlace::ResultLine;
    }),
    oddity("error-result", 8, "Errors stand in result/msg.", |spec, _| {
        spec.quirks.error_place = ErrorPlace::Result;
    }),
    oddity("error-msg", 8, "Errors stand in msg itself.", |spec, _| {
        spec.quirks.error_place = ErrorPlace::Msg;
    }),
    oddity(
        "plain-keygen",
        15,
        "A key comes in double quotes instead of single ones and blanks.",
        |spec, _| {
            spec.quirks.plain_keygen = true;
        },
    ),
    oddity("auth-late", 30, "For 30 s after a boot every key is refused with 403.", |spec, pace| {
        spec.quirks.auth_late = scaled(pace, 30);
    }),
    oddity("malformed-after-boot", 20, "The first answer after a boot holds two documents.", |spec, _| {
        spec.quirks.malformed_after_boot = true;
    }),
    oddity(
        "lingers",
        20,
        "After a restart request the old uptime is answered for up to 90 s.",
        |spec, pace| {
            spec.quirks.lingers = scaled(pace, 90);
        },
    ),
    oddity(
        "autocommit-fails",
        15,
        "The commit after a boot fails as job 1 and succeeds as job 2.",
        |spec, _| {
            spec.quirks.autocommit_fails = true;
        },
    ),
    oddity("zone-west", 25, "The clock shows a zone west of Greenwich, which no answer names.", |spec, _| {
        spec.quirks.zone_h = -7;
    }),
    oddity("zone-east", 25, "The clock shows a zone east of Greenwich, which no answer names.", |spec, _| {
        spec.quirks.zone_h = 9;
    }),
    oddity("clock-fast", 10, "The clock is eleven minutes fast.", |spec, _| spec.quirks.clock_fast_s = 660),
    oddity("clock-slow", 10, "The clock is three hours slow.", |spec, _| spec.quirks.clock_fast_s = -10_800),
    oddity("near-midnight", 10, "The device's midnight falls into the run.", |spec, _| {
        spec.quirks.near_midnight = true;
    }),
    oddity("short-uptime", 20, "An uptime below a day is printed as H:MM:SS alone.", |spec, _| {
        spec.quirks.short_uptime = true;
        spec.uptime = Duration::from_secs(7 * 3_600 + 61);
    }),
    oddity("wrapped-df", 8, "df wraps the line of the image volume after the device name.", |spec, _| {
        spec.quirks.wrapped_df = true;
    }),
    oddity("no-panrepo", 6, "There is no mount /opt/panrepo: images lie on /.", |spec, _| {
        spec.quirks.no_panrepo = true;
    }),
    oddity("two-blanks", 30, "released-on has two blanks between date and time.", |spec, _| {
        spec.quirks.two_blanks = true;
    }),
    oddity("release-types", 60, "The list says which image is a base and which is preferred.", |spec, _| {
        spec.quirks.release_types = true;
    }),
    oddity("wrapped-sha256", 10, "A hash stands between line breaks.", |spec, _| {
        spec.quirks.wrapped_sha256 = true;
    }),
    oddity("upper-sha256", 10, "A hash is written in capitals.", |spec, _| spec.quirks.upper_sha256 = true),
    oddity("relics", 20, "The list holds .xfr, beta and custom builds.", |spec, _| spec.quirks.relics = true),
    oddity("duplicates", 10, "One version stands twice in the list.", |spec, _| {
        spec.quirks.duplicates = true;
    }),
    oddity("unsorted", 15, "The list is in no order.", |spec, _| spec.quirks.unsorted = true),
    oddity("no-current", 8, "No entry of the list is the current one.", |spec, _| {
        spec.quirks.no_current = true;
    }),
    oddity("stale-list", 20, "Until it is refreshed, the list ends with the running train.", |spec, _| {
        spec.quirks.unchecked_list = UncheckedList::Stale;
    }),
    oddity("fresh-list", 20, "The list is up to date before it is asked to be.", |spec, _| {
        spec.quirks.unchecked_list = UncheckedList::Fresh;
    }),
    oddity("slow-check", 15, "A refresh of the list takes 30 s.", |spec, pace| {
        spec.quirks.slow_check = scaled(pace, 30);
    }),
    oddity("hides-downloading", 10, "An image on its way is listed as not downloaded.", |spec, _| {
        spec.quirks.hides_downloading = true;
    }),
    oddity("silent-progress", 6, "A running job says nothing in its progress.", |spec, _| {
        spec.quirks.silent_progress = true;
    }),
    oddity("queued-jobs", 15, "A job waits in the queue for a moment.", |spec, _| spec.quirks.queued = true),
    oddity(
        "content-update",
        12,
        "A content update is downloaded in between, also as a job of type Downld.",
        |spec, pace| {
            spec.quirks.content_update_after = scaled(pace, 40);
        },
    ),
    oddity("present-error", 20, "A request for an image that is there is refused.", |spec, _| {
        spec.quirks.present_answer = PresentAnswer::Error;
    }),
    oddity("progress-time-only", 20, "A finished job says the time of day in its progress.", |spec, _| {
        spec.quirks.finished_progress = FinishedProgress::TimeOnly;
    }),
    oddity("progress-hundred", 20, "A finished job says 100 in its progress.", |spec, _| {
        spec.quirks.finished_progress = FinishedProgress::Hundred;
    }),
    oddity("progress-empty", 20, "A finished job says nothing in its progress.", |spec, _| {
        spec.quirks.finished_progress = FinishedProgress::Empty;
    }),
    oddity("details-cdata", 15, "The lines of a job's details stand in CDATA.", |spec, _| {
        spec.quirks.details = Details::Cdata;
    }),
    oddity("details-text", 15, "A job's details are a bare text.", |spec, _| {
        spec.quirks.details = Details::Text;
    }),
    oddity("details-nested", 15, "A job's details hold lines inside a line.", |spec, _| {
        spec.quirks.details = Details::Nested;
    }),
    oddity("warnings-first", 20, "A job's warnings stand before its details.", |spec, _| {
        spec.quirks.warnings_first = true;
    }),
    oddity("short-jobs", 15, "A finished job has few fields and no dates.", |spec, _| {
        spec.quirks.short_jobs = true;
    }),
    oddity(
        "late-dequeue",
        15,
        "A job leaves the queue some seconds after it entered, past midnight as well.",
        |spec, _| {
            spec.quirks.late_dequeue = true;
        },
    ),
    oddity("admin-field", 10, "Jobs have <admin/> in place of <user/>.", |spec, _| {
        spec.quirks.admin_field = true;
    }),
    oddity("repeated-jobs", 40, "The list of jobs holds each job twice, byte for byte.", |spec, _| {
        spec.quirks.repeated_jobs = true;
    }),
    oddity("failed-job", 15, "The list of jobs begins with one that has no id.", |spec, _| {
        spec.quirks.failed_job = true;
    }),
    oddity("unknown-job-no-such", 20, "A job that is not known: an error, No such job.", |spec, _| {
        spec.quirks.unknown_job = UnknownJob::NoSuchJob;
    }),
    oddity("unknown-job-empty", 15, "A job that is not known: success with an empty result.", |spec, _| {
        spec.quirks.unknown_job = UnknownJob::EmptyResult;
    }),
    oddity("unknown-job-code-7", 15, "A job that is not known: success with code 7.", |spec, _| {
        spec.quirks.unknown_job = UnknownJob::CodeSeven;
    }),
    oddity("delete-job", 30, "A deletion answers with a job.", |spec, _| spec.quirks.delete_job = true),
    oddity("ha-says-no", 20, "A standalone device has an <ha> element that says no.", |spec, _| {
        spec.quirks.ha_says_no = true;
    }),
    oddity("odd-entry-name", 8, "Panorama's entry has another name than its serial.", |spec, _| {
        spec.quirks.odd_entry_name = true;
    }),
    oddity("ipv6-only", 5, "The device has no address but one of IPv6.", |spec, _| {
        spec.quirks.ipv6_only = true;
    }),
    oddity("multi-vsys", 5, "A chassis with several virtual systems.", |spec, _| spec.multi_vsys = true),
    oddity("utf8-hostname", 6, "The host name holds letters beyond ASCII, and a blank.", |spec, _| {
        spec.hostname = format!("Zürich Büro {}", spec.hostname);
    }),
    oddity("same-hostname", 4, "Several devices have one host name.", |spec, _| {
        "branch-fw".clone_into(&mut spec.hostname);
    }),
];

/// Gives a device of a realistic fleet its oddities. The first devices that an oddity is for have it in any case,
/// so that no name is missing from a fleet of some size.
pub fn sprinkle(
    spec: &mut DeviceSpec,
    place: usize,
    n_devices: usize,
    seed: Seed,
    pace: Pace,
    without: &[String],
) {
    spec.quirks = Quirks::default();
    for (n, oddity) in ODDITIES.iter().enumerate() {
        let for_certain = (0..2).any(|k| (n * 7 + k * (n_devices / 2 + 1)) % n_devices.max(1) == place);
        let drawn = seed.chance(&["oddity", &spec.serial, oddity.name], oddity.percent);
        if (for_certain || drawn) && !without.iter().any(|name| name == oddity.name) {
            (oddity.apply)(spec, pace);
            spec.oddities.push(oddity.name);
        }
    }
}
