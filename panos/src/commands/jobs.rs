//! `show jobs`: the device's own jobs, and what became of them.
//!
//! Promises: every field that a device may leave out is optional; a job listed several times is one
//! job; progress is a percentage or nothing, although devices put a time there. Leaves to others:
//! waiting, and telling one's own job: ids restart at every boot, `Downld` is also the type of content
//! downloads, and no field names the version.

use super::{Command, bounded, need};
use crate::classify::{About, Messages, Refusal, classify_text, denies_job};
use crate::client::Client;
use crate::envelope::{Missing, lines, message};
use crate::error::PanosError;
use crate::limits::MAX_JOBS;
use crate::redact::field;
use crate::xml::Element;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

const JOB: Command = Command { about: About::OneJob, ..Command::ordinary("show jobs id") };
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
    /// What the lines of a job that ended badly were taken for.
    failure: Option<Refusal>,
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
        self.failure.clone()
    }
}

/// What the answer to the question for one job says about it.
pub(crate) enum Asked {
    Found(Box<DeviceJob>),
    /// The device knows no such job.
    Lost,
    /// Others only: their ids.
    Others(Vec<DeviceJobId>),
}

impl Asked {
    /// The job, or why there is none.
    pub(crate) fn into_job(self, host: String, id: DeviceJobId) -> Result<DeviceJob, PanosError> {
        match self {
            Self::Found(job) => Ok(*job),
            Self::Lost => Err(PanosError::Refused {
                host,
                command: JOB.name,
                refusal: Refusal::JobLost,
                message: format!("the device does not know job {id}"),
            }),
            Self::Others(ids) => {
                let listed = ids.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ");
                Err(PanosError::UnexpectedAnswer {
                    host,
                    command: JOB.name,
                    expected: format!("job {id}"),
                    found: format!("job {listed}"),
                })
            }
        }
    }
}

impl Client {
    /// Asks for one job.
    ///
    /// What a device answers for an id that it does not know was never recorded, so every safe sign counts as
    /// [`Refusal::JobLost`]: an error that denies a job in words or by code 7 or 13, a success without any
    /// job, and one with nothing but a `Failed-Job` without id. What a caller does next decides anyway: the
    /// software list tells whether the image is there. Any other error keeps its own refusal.
    ///
    /// # Errors
    /// Any [`PanosError`]; [`PanosError::UnexpectedAnswer`] when the answer is about other jobs only.
    pub async fn job(&self, id: DeviceJobId) -> Result<DeviceJob, PanosError> {
        let messages = Arc::clone(&self.messages);
        let xml = format!("<show><jobs><id>{id}</id></jobs></show>");
        let asked = self.op(&JOB, &xml, move |response| read_one(response, id, &messages)).await?;
        asked.into_job(self.endpoint().to_string(), id)
    }

    /// Asks for all jobs that the device remembers. Prefer [`Client::job`] for one that is known.
    ///
    /// # Errors
    /// Any [`PanosError`].
    pub async fn jobs(&self) -> Result<Vec<DeviceJob>, PanosError> {
        let messages = Arc::clone(&self.messages);
        self.op(&JOBS, JOBS_XML, move |response| read(response, &messages)).await
    }
}

pub(crate) fn read_one(response: &Element, id: DeviceJobId, messages: &Messages) -> Result<Asked, Missing> {
    let mut jobs = match response.child("result") {
        Some(_) => read(response, messages)?,
        None => Vec::new(),
    };
    if let Some(at) = jobs.iter().position(|job| job.id == Some(id)) {
        return Ok(Asked::Found(Box::new(jobs.swap_remove(at))));
    }
    let others: Vec<_> = jobs.iter().filter_map(|job| job.id).collect();
    if !others.is_empty() {
        return Ok(Asked::Others(others));
    }
    let said = message(response);
    let lost = |job: &DeviceJob| job.kind == FAILED_JOB;
    if (jobs.is_empty() && said.is_empty()) || denies_job(&said) || jobs.iter().any(lost) {
        return Ok(Asked::Lost);
    }
    Err(Missing(format!("job {id}")))
}

/// The jobs in their order, each id once. From 10.2 on a device may list one several times (demisto
/// content, pull request 35761); then the entry that has ended counts, or a poller would wait for ever.
pub(crate) fn read(response: &Element, messages: &Messages) -> Result<Vec<DeviceJob>, Missing> {
    let mut jobs: Vec<DeviceJob> = Vec::new();
    let mut places: HashMap<DeviceJobId, usize> = HashMap::new();
    for job in bounded(need(response, &["result"])?, "job", MAX_JOBS)? {
        let job = read_job(job, messages);
        let place = job.id.map_or(jobs.len(), |id| *places.entry(id).or_insert(jobs.len()));
        match jobs.get_mut(place) {
            Some(known) if job.is_finished() && !known.is_finished() => *known = job,
            Some(_) => {}
            None => jobs.push(job),
        }
    }
    Ok(jobs)
}

fn read_job(job: &Element, messages: &Messages) -> DeviceJob {
    let kind = field(job.value("type").unwrap_or_default());
    let lost = kind == FAILED_JOB && job.value("status").is_none();
    let mut job = DeviceJob {
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
        description: job.remark("description"),
        kind,
        failure: None,
    };
    job.failure = failure(&job, messages);
    job
}

fn failure(job: &DeviceJob, messages: &Messages) -> Option<Refusal> {
    if !job.is_finished() || job.result == JobResult::Ok {
        return None;
    }
    let said = [job.details.as_slice(), job.warnings.as_slice()].concat().join(" ");
    match classify_text(&said, messages) {
        Refusal::Unrecognised if job.kind == FAILED_JOB => Some(Refusal::JobLost),
        refusal => Some(refusal),
    }
}

fn status(text: &str) -> JobStatus {
    match text {
        "PEND" => JobStatus::Pending,
        "QUEUED" => JobStatus::Queued,
        "ACT" => JobStatus::Active,
        "FIN" => JobStatus::Finished,
        other => JobStatus::Other(field(other)),
    }
}

fn result(text: &str) -> JobResult {
    match text {
        "OK" => JobResult::Ok,
        "FAIL" => JobResult::Fail,
        "PEND" => JobResult::Pending,
        other => JobResult::Other(field(other)),
    }
}

#[cfg(test)]
mod tests;
