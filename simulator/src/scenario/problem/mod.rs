//! Problems by name: what makes a device have one, and how its job must end then.
//!
//! The sentence of a problem is its documentation here and in `panos-simulator list`. An expectation is our reading
//! of what a good worker does; it is written down before any worker is looked at. Leaves to others: which devices
//! have which problem ([`crate::fleet`]).

mod access;
mod images;
mod jobs;
mod pairs;

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::Pace;
use crate::device::spec::DeviceSpec;
use crate::expected::Expected;
use crate::seeded::Seed;
use crate::version::Version;

/// What a problem may look at.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// What the fleet is to be brought to.
    pub target: Version,
    /// From which everything random follows.
    pub seed: Seed,
    /// How long things take.
    pub pace: Pace,
}

/// What gives a problem to whom.
enum Affliction {
    /// To one device.
    Device(fn(&mut DeviceSpec, &Setting)),
    /// To both members of a pair, each with an expectation of its own.
    Pair(fn(&mut DeviceSpec, &mut DeviceSpec, &Setting)),
}

/// Declares the problems once: sentence, variant, name, affliction, expectation.
macro_rules! problems {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $affliction:expr, $expected:expr;)+) => {
        /// A named problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Problem { $($(#[doc = $doc])+ $variant,)+ }

        impl Problem {
            /// Every problem.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in scenario files and reports.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What is the matter, for people.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// How a download job to the target must end on a device with this problem.
            pub fn expected(self) -> Expected {
                match self { $(Self::$variant => $expected,)+ }
            }

            fn affliction(self) -> Affliction {
                match self { $(Self::$variant => $affliction,)+ }
            }
        }
    };
}

use Affliction::{Device, Pair};

problems! {
    /// Connections to its address are refused; reset, in a fleet of more than a thousand.
    Unreachable = "unreachable", Device(access::unreachable), Expected::failed("unreachable").asks(0);
    /// Connections to its address are accepted and never answered.
    Silent = "silent", Device(access::silent), Expected::failed("unreachable").asks(0);
    /// The first connection to it is reset, the next ones are not.
    UnreachableAtFirst = "unreachable-at-first", Device(access::unreachable_at_first), Expected::completed();
    /// Another box answers at its address.
    WrongSerial = "wrong-serial", Device(access::wrong_serial), Expected::failed("wrong_device").asks(0);
    /// Its certificate is of an authority that nobody knows.
    WrongCertificate = "wrong-certificate", Device(access::wrong_certificate), Expected::failed("tls").asks(0);
    /// Refuses the account.
    BadCredentials = "bad-credentials", Device(access::bad_credentials), Expected::failed("credentials").asks(0);
    /// The account may look, but not download: code 16.
    ReadOnlyAccount = "read-only-account", Device(access::read_only), Expected::failed("permission").asks(0);
    /// The key expires while a download runs, and the answer's reason phrase repeats it.
    KeyExpires = "key-expires", Device(access::key_expires), Expected::completed();
    /// Somebody else makes a key for the same account while a download runs, which ends ours.
    KeyTaken = "key-taken", Device(access::key_taken), Expected::completed();
    /// Every ninth answer is code 22: session timed out.
    SessionsEnd = "sessions-end", Device(access::sessions_end), Expected::completed();
    /// Takes long for each answer.
    SlowAnswers = "slow-answers", Device(access::slow_answers), Expected::completed();
    /// A web page answers in its place.
    HtmlAnswer = "html-answer", Device(access::html_answer), Expected::failed("unexpected_answer").asks(0);
    /// Every fourth question about a job ends in a reset connection.
    ConnectionsBreak = "connections-break", Device(access::connections_break), Expected::completed();
    /// Its web server is overloaded for some answers in the middle of a download: HTTP 503.
    Overloaded = "overloaded", Device(access::overloaded), Expected::completed();
    /// Some answers about jobs are cut off in the middle.
    CutAnswers = "cut-answers", Device(access::cut_answers), Expected::completed();
    /// Panorama knows no address for it: no job is queued.
    NoAddress = "no-address", Device(access::no_address), Expected::none();
    /// Panorama shows it as disconnected, most fields missing: no job is queued.
    Disconnected = "disconnected", Device(access::disconnected), Expected::none();

    /// The model's list ends trains before the target.
    NoPath = "no-path", Device(images::no_path), Expected::skipped("no_path").asks(0);
    /// The list offers the target's train, but not the target.
    TargetNotListed = "target-not-listed", Device(images::target_not_listed), Expected::skipped("no_path").asks(0);
    /// The list holds one entry, what is running.
    OneEntryList = "one-entry-list", Device(images::one_entry_list), Expected::skipped("no_path").asks(0);
    /// Runs a version above the target already: no job is queued.
    Newer = "newer", Device(images::newer), Expected::none();
    /// Runs a custom build, of which nobody knows what may follow: no job is queued.
    CustomBuild = "custom-build", Device(images::custom_build), Expected::none();
    /// Runs a version that was pulled from the list, so that no entry is the current one.
    PulledBuild = "pulled-build", Device(images::pulled_build), Expected::completed();
    /// Has every image of the path.
    AlreadyStaged = "already-staged", Device(images::already_staged), Expected::completed().asks(0);
    /// Has the target by import, with no name, no sizes and no hash in the list.
    Imported = "imported", Device(images::imported), Expected::completed().asks(0).hash("not_reported");
    /// Has the base of the target's train, but not the target.
    HalfStaged = "half-staged", Device(images::half_staged), Expected::completed();
    /// Runs the target's train, whose base was deleted from it: the target's download fails until the base is
    /// there.
    BaseMissingTrap = "base-missing-trap", Device(images::base_missing), Expected::completed();
    /// The base is deleted while the target is on its way: FAIL after "Successfully downloaded", the bytes stay on
    /// the disk, and the target has to be asked for again after the base.
    BaseDeleted = "base-deleted", Device(images::base_deleted), Expected::completed().asks(2);
    /// No room for the first image.
    DiskFull = "disk-full", Device(images::disk_full), Expected::failed("disk_full").asks(0);
    /// Room according to df, but the download ends for want of it.
    DiskFills = "disk-fills", Device(images::disk_fills), Expected::failed("disk_full");
    /// Reports a false hash for the target.
    HashMismatch = "hash-mismatch", Device(images::hash_mismatch), Expected::failed("hash_mismatch").hash("mismatch");
    /// Devices of one platform report different hashes for the target, and the catalogue holds none: whoever
    /// is not the first to report fails.
    HashDisputed = "hash-disputed", Device(images::hash_disputed),
        Expected::failed("hash_disputed").otherwise(Expected::completed().hash("no_reference"));
    /// Reports a hash for the target that the catalogue does not hold, the same on every device of its platform.
    HashUnknown = "hash-unknown", Device(images::hash_unknown), Expected::completed().hash("no_reference");
    /// Reports no hashes.
    HashNotReported = "hash-not-reported", Device(images::hash_not_reported), Expected::completed().hash("not_reported");

    /// The update server cannot be reached: communication error.
    UpdateServer = "update-server", Device(images::update_server), Expected::failed("update_server").asks(0);
    /// The update server cannot be reached: unknown error.
    UpdateServerUnknown = "update-server-unknown", Device(images::update_server_unknown),
        Expected::failed("update_server").asks(0);
    /// The update server cannot be reached at the first try.
    UpdateServerOutage = "update-server-outage", Device(images::update_server_outage), Expected::completed();
    /// The update server does not know the device: no support contract.
    NotEntitled = "not-entitled", Device(images::not_entitled), Expected::failed("entitlement").asks(0);

    /// Each download takes ten minutes, at this fleet's scale.
    TenMinutes = "ten-minutes", Device(jobs::ten_minutes), Expected::completed();
    /// Progress drops to 0 for the last third of a download, while the image is loaded.
    SlowLoading = "slow-loading", Device(jobs::slow_loading), Expected::completed();
    /// A download stands still for a while and goes on.
    Pauses = "pauses", Device(jobs::pauses), Expected::completed();
    /// Downloads never make progress again.
    Stalls = "stalls", Device(jobs::stalls), Expected::failed("stalled");
    /// The first download fails with a communication error, the next ones do not.
    FailsOnce = "fails-once", Device(jobs::fails_once), Expected::completed().asks(2);
    /// Every download fails with a communication error.
    FailsAlways = "fails-always", Device(jobs::fails_always), Expected::failed("update_server").asks(20);
    /// Downloads end well, and the image is not there.
    FalseSuccess = "false-success", Device(jobs::false_success), Expected::failed("download_failed").asks(20);
    /// The list shows a downloaded image some moments after its job ended.
    ListLags = "list-lags", Device(jobs::list_lags), Expected::completed();
    /// A job vanishes and takes its download with it: asked for again.
    JobVanishes = "job-vanishes", Device(jobs::job_vanishes), Expected::completed().asks(2);
    /// A job vanishes, and its download goes on.
    JobForgotten = "job-forgotten", Device(jobs::job_forgotten), Expected::completed();
    /// Reboots in the middle of the first download, which is lost; job ids begin again.
    Reboots = "reboots", Device(jobs::reboots), Expected::completed().asks(2);
    /// Reboots, and a job of another kind has the id of ours when it is back, finished and OK.
    RebootsOntoOurId = "reboots-onto-our-id", Device(jobs::reboots_onto_our_id), Expected::completed().asks(2);
    /// Reboots, then refuses every key while its authentication starts, and answers rubbish once.
    RebootsSlowly = "reboots-slowly", Device(jobs::reboots_slowly), Expected::completed().asks(2);
    /// Busy with somebody else's download of another version at first.
    ForeignDownload = "foreign-download", Device(jobs::foreign_download), Expected::completed();
    /// Somebody else's download of the very image that is needed is running: taken over, not asked for.
    ForeignSameImage = "foreign-same-image", Device(jobs::foreign_same_image), Expected::completed();
    /// Somebody else's commit refuses the first download requests.
    BusyCommit = "busy-commit", Device(jobs::busy_commit), Expected::completed();
    /// The software manager is in use for two minutes after each load: jobs fail within moments.
    SoftwareManagerBusy = "software-manager-busy", Device(jobs::manager_busy), Expected::completed().asks(60);
    /// A download is accepted without a job id.
    NoJobId = "no-job-id", Device(jobs::no_job_id), Expected::completed();
    /// A download is begun, and the answer to the request is lost.
    AnswerLost = "answer-lost", Device(jobs::answer_lost), Expected::completed();

    /// One member of a pair has every image, the other has none.
    PairAsymmetric = "pair-asymmetric", Pair(pairs::asymmetric), Expected::completed();
    /// One member of a pair cannot be reached, the other is well.
    PairOneUnreachable = "pair-one-unreachable", Pair(pairs::one_unreachable), Expected::completed();
    /// One member of a pair reboots in the middle of its first download.
    PairOneReboots = "pair-one-reboots", Pair(pairs::one_reboots), Expected::completed();
    /// A copy from one member of a pair to the other fails there.
    PairSyncFails = "pair-sync-fails", Pair(pairs::sync_fails), Expected::completed();
    /// A copy from one member of a pair to the other takes long.
    PairSyncLags = "pair-sync-lags", Pair(pairs::sync_lags), Expected::completed();
}

impl Problem {
    /// Whether it is given to both members of a pair.
    pub fn is_for_pairs(self) -> bool {
        matches!(self.affliction(), Pair(_))
    }

    /// Gives a healthy device this problem; does nothing for a problem of pairs.
    pub fn afflict(self, spec: &mut DeviceSpec, setting: &Setting) {
        if let Device(afflict) = self.affliction() {
            self.name(spec);
            afflict(spec, setting);
        }
    }

    /// Gives a healthy pair this problem; does nothing for a problem of single devices.
    pub fn afflict_pair(self, first: &mut DeviceSpec, second: &mut DeviceSpec, setting: &Setting) {
        if let Pair(afflict) = self.affliction() {
            self.name(first);
            self.name(second);
            afflict(first, second, setting);
        }
    }

    /// Whether a download on such a device goes as undisturbed as on a healthy one, so that its calls may be
    /// counted against the limit.
    pub fn is_calm(name: &str) -> bool {
        let calm =
            [Self::TenMinutes, Self::SlowLoading, Self::HalfStaged, Self::PulledBuild, Self::HashUnknown];
        name == "plain" || calm.iter().any(|problem| problem.as_str() == name)
    }

    fn name(self, spec: &mut DeviceSpec) {
        self.as_str().clone_into(&mut spec.scenario);
        spec.expected = self.expected();
    }
}

/// A name that no problem has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown problem `{0}` (known: {known})", known = known())]
pub struct UnknownProblem(String);

fn known() -> String {
    Problem::ALL.iter().map(|problem| problem.as_str()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Problem {
    type Err = UnknownProblem;

    fn from_str(text: &str) -> Result<Self, UnknownProblem> {
        Self::ALL
            .iter()
            .copied()
            .find(|problem| problem.as_str() == text)
            .ok_or_else(|| UnknownProblem(text.to_owned()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
