//! `show jobs`: the device's own jobs, and what became of them.
//!
//! Promises: every field that a device may leave out is optional; a job listed several times is one
//! job; progress is a percentage or nothing, although devices put a time there. Leaves to others:
//! waiting, and telling one's own job: ids restart at every boot, `Downld` is also the type of content
//! downloads, and no field names the version.

use super::{Command, need};
use crate::classify::{Refusal, classify_text};
use crate::client::Client;
use crate::envelope::{Missing, lines};
use crate::error::PanosError;
use crate::xml::Element;
use std::fmt;

const JOB: Command = Command::ordinary("show jobs id");
const JOBS: Command = Command::ordinary("show jobs all");
const JOBS_XML: &str = "<show><jobs><all></all></jobs></show>";

/// The type of a job that the device itself lost, as by a restart of its configuration daemon.
const FAILED_JOB: &str = "Failed-Job";

/// Number of a job on one device, since its last boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceJobId(pub u64);

impl fmt::Display for DeviceJobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A job as the device tells it. Times are device-local, without a zone, and some lack the date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceJob {
    /// None for a job that the device lost (`Failed-Job`).
    pub id: Option<DeviceJobId>,
    /// `Downld`, `SWInstall`, `Commit`, `AutoCom`, `Failed-Job` and others.
    pub kind: String,
    /// How far it is. A `Failed-Job` has no status and counts as finished.
    pub status: JobStatus,
    /// Means something only when finished.
    pub result: JobResult,
    /// Percent. May fall back to 0 while the image is loaded. None where the device writes a time.
    pub progress: Option<u8>,
    /// What the device tells about it, line by line. The first lines of a failed job may tell a success.
    pub details: Vec<String>,
    /// Further lines, of the same kind.
    pub warnings: Vec<String>,
    /// When it was ordered.
    pub enqueued: Option<String>,
    /// When it began; usually without a date, so it may be past midnight.
    pub dequeued: Option<String>,
    /// When it ended; none while it is active.
    pub finished: Option<String>,
    /// Who ordered it.
    pub user: Option<String>,
    /// What the user wrote to it.
    pub description: Option<String>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// `PEND`.
    Pending,
    /// `QUEUED`.
    Queued,
    /// `ACT`.
    Active,
    /// `FIN`.
    Finished,
    /// None of the known words, empty for none at all: go on polling until a deadline.
    Other(String),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JobResult {
    /// `OK`.
    Ok,
    /// `FAIL`.
    Fail,
    /// `PEND`: not ended.
    Pending,
    /// None of the known words; empty for none at all.
    Other(String),
}

impl DeviceJob {
    /// Whether the device is done with it, well or not.
    pub fn is_finished(&self) -> bool {
        self.status == JobStatus::Finished
    }

    /// Why it failed: none while it runs and when it ended well.
    ///
    /// A job that ended well is no proof that the image is there; the software list is.
    pub fn failure(&self) -> Option<Refusal> {
        if !self.is_finished() || self.result == JobResult::Ok {
            return None;
        }
        let said = [self.details.as_slice(), self.warnings.as_slice()].concat().join(" ");
        match classify_text(&said) {
            Refusal::Unrecognised if self.kind == FAILED_JOB => Some(Refusal::JobLost),
            refusal => Some(refusal),
        }
    }
}

impl Client {
    /// Asks for one job.
    ///
    /// # Errors
    /// Any [`PanosError`]; [`Refusal::JobLost`] where the device's words for an unknown id are known,
    /// [`PanosError::UnexpectedAnswer`] when the answer is about no or another job.
    pub async fn job(&self, id: DeviceJobId) -> Result<DeviceJob, PanosError> {
        let jobs = self.op(&JOB, &format!("<show><jobs><id>{id}</id></jobs></show>"), read).await?;
        let listed =
            jobs.iter().filter_map(|job| job.id).map(|id| id.to_string()).collect::<Vec<_>>().join(", ");
        jobs.into_iter().find(|job| job.id == Some(id)).ok_or_else(|| PanosError::UnexpectedAnswer {
            host: self.endpoint().to_string(),
            command: JOB.name,
            expected: format!("job {id}"),
            found: if listed.is_empty() { "no job with an id".to_owned() } else { format!("job {listed}") },
        })
    }

    /// Asks for all jobs that the device remembers. Prefer [`Client::job`] for one that is known.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn jobs(&self) -> Result<Vec<DeviceJob>, PanosError> {
        self.op(&JOBS, JOBS_XML, read).await
    }
}

/// The jobs in their order, each id once. From 10.2 on a device may list one several times (demisto
/// content, pull request 35761); then the entry that has ended counts, or a poller would wait for ever.
fn read(response: &Element) -> Result<Vec<DeviceJob>, Missing> {
    let mut jobs: Vec<DeviceJob> = Vec::new();
    for job in need(response, &["result"])?.children("job").map(read_job) {
        let known = jobs.iter_mut().find(|known| job.id.is_some() && known.id == job.id);
        match known {
            Some(known) if job.is_finished() && !known.is_finished() => *known = job,
            Some(_) => {}
            None => jobs.push(job),
        }
    }
    Ok(jobs)
}

fn read_job(job: &Element) -> DeviceJob {
    let kind = job.value("type").unwrap_or_default().to_owned();
    let lost = kind == FAILED_JOB && job.value("status").is_none();
    DeviceJob {
        id: job.value("id").and_then(|id| id.parse().ok()).map(DeviceJobId),
        status: if lost { JobStatus::Finished } else { status(job.value("status").unwrap_or_default()) },
        result: if lost { JobResult::Fail } else { result(job.value("result").unwrap_or_default()) },
        progress: job
            .value("progress")
            .and_then(|text| text.trim_end_matches('%').parse().ok())
            .filter(|&p| p <= 100),
        details: job.child("details").map(lines).unwrap_or_default(),
        warnings: job.child("warnings").map(lines).unwrap_or_default(),
        enqueued: job.known("tenq"),
        dequeued: job.known("tdeq"),
        finished: job.known("tfin").filter(|text| !text.eq_ignore_ascii_case("still active")),
        // Releases before 9.0 write <admin>.
        user: job.known("user").or_else(|| job.known("admin")),
        description: job.known("description"),
        kind,
    }
}

fn status(text: &str) -> JobStatus {
    match text {
        "PEND" => JobStatus::Pending,
        "QUEUED" => JobStatus::Queued,
        "ACT" => JobStatus::Active,
        "FIN" => JobStatus::Finished,
        other => JobStatus::Other(other.to_owned()),
    }
}

fn result(text: &str) -> JobResult {
    match text {
        "OK" => JobResult::Ok,
        "FAIL" => JobResult::Fail,
        "PEND" => JobResult::Pending,
        other => JobResult::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests;
