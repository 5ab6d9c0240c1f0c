//! What comes of a job that has run its time, and the lines that it leaves in its details.
//!
//! Texts are the recorded ones where there are any. Leaves to others: when a job is over ([`super::jobs`]).

use super::software::{Origin, Stored};
use super::{Device, Doom, JobEnd, JobKind};
use crate::clock::Moment;
use crate::version::Version;

/// What a download without room says unless a device is told otherwise; nobody captured it.
const DISK_FULL: &str = "No space left on device";

impl Device {
    /// How a job ends at `at`; what it brought is on the device from then on.
    pub(super) fn outcome(&mut self, index: usize, at: Moment) -> JobEnd {
        let job = &self.jobs[index];
        let (kind, doom) = (job.kind, job.doom);
        if let JobKind::Download(version) = kind {
            self.last_end = Some((version, at));
        }
        match (doom, kind) {
            (Some(Doom::Nothing), _) => JobEnd { at, ok: true, lines: done_lines(kind) },
            (Some(doom), _) => JobEnd { at, ok: false, lines: self.doom_lines(doom, kind) },
            (None, JobKind::Download(version)) => self.arrived(version, at),
            (None, JobKind::Install(version)) => {
                self.staged = Some(version);
                JobEnd {
                    at,
                    ok: true,
                    lines: vec![format!(
                        "Software installation of version {version} successfully completed. Please reboot to switch to the new version."
                    )],
                }
            }
            (None, JobKind::AutoCommit | JobKind::Content) => {
                JobEnd { at, ok: true, lines: done_lines(kind) }
            }
        }
    }

    /// An image has come; it is loaded if its base is.
    fn arrived(&mut self, version: Version, at: Moment) -> JobEnd {
        let size_kb = self.listed(version).map_or(0, |image| image.size_kb);
        let missing = self.missing_base(version);
        let origin = if missing.is_some() { Origin::Orphan } else { Origin::Downloaded };
        let shown_from = self.spec.quirks.list_lag.map_or(at, |lag| at.plus(lag.0));
        let kept = self.stored.entry(version).or_insert(Stored { size_kb, origin, shown_from });
        if origin == Origin::Downloaded && kept.origin == Origin::Orphan {
            *kept = Stored { size_kb, origin, shown_from };
        }
        match missing {
            None => {
                self.manager_busy_until = self.spec.quirks.busy_after_load.map(|busy| at.plus(busy.0));
                JobEnd { at, ok: true, lines: done_lines(JobKind::Download(version)) }
            }
            Some(base) => JobEnd { at, ok: false, lines: base_missing_lines(base) },
        }
    }

    fn doom_lines(&self, doom: Doom, kind: JobKind) -> Vec<String> {
        match (doom, kind) {
            (Doom::DiskFull, _) => {
                let text = self.spec.quirks.disk_full_text.as_deref().unwrap_or(DISK_FULL);
                vec!["Failed to download".to_owned(), text.to_owned()]
            }
            (Doom::ManagerBusy, JobKind::Download(version) | JobKind::Install(version)) => manager_busy_lines(version),
            (Doom::CopyFails, _) => vec!["Failed to synchronize software image with HA peer".to_owned()],
            // No capture exists; the wording follows what public tools look for.
            (Doom::UpdateServer | Doom::ManagerBusy | Doom::Nothing, _) => vec![
                "Failed to download due to generic communication error. Please check network connectivity and try again.".to_owned(),
            ],
        }
    }
}

/// Details of a job that went well: recorded on 11.2.10-h8 and in the API guide 9.1.
pub(super) fn done_lines(kind: JobKind) -> Vec<String> {
    let lines: &[&str] = match kind {
        JobKind::Download(_) => &[
            "Successfully downloaded",
            "Preloading into software manager",
            "Successfully loaded into software manager",
        ],
        JobKind::Content => &["File successfully downloaded\n"],
        JobKind::Install(_) => &[],
        JobKind::AutoCommit => {
            &["Configuration committed successfully", "Successfully committed last configuration"]
        }
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// Details of a first commit after a boot that failed (the documentation of the vendor's own library).
pub(super) fn failed_commit_lines() -> Vec<String> {
    [
        "ID population failed",
        "Client logrcvr registered in the middle of a commit/validate. Aborting current commit/validate.",
        "Commit failed",
        "Failed to commit policy to device",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Details of a job whose base image is not loaded: recorded, two blanks after the full stops.
fn base_missing_lines(base: Version) -> Vec<String> {
    vec![
        "Successfully downloaded".to_owned(),
        "Preloading into software manager".to_owned(),
        format!(
            "The required '{base}' base image must be loaded before this image can be loaded.  You do not have \
             to install or run the base image, only download it.  Once the base is loaded, re-download your \
             target image."
        ),
    ]
}

/// Details of a job that met a busy software manager: recorded by two public tools, blanks included.
fn manager_busy_lines(version: Version) -> Vec<String> {
    vec![
        format!("Failed to install {version} with the following errors."),
        format!("SW version is {version}"),
        "The software manager is currently in use. Please try again later.".to_owned(),
        format!("Failed to install   version  {version}  type  panos"),
    ]
}
