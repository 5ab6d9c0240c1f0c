//! `download status`: what holds the fleet, alarms, where the devices are, and what to do about what went wrong.

use common::domain::device::Serial;
use common::domain::failure::FailureKind;
use common::domain::hold::{FleetHold, HoldCause, Pause};
use common::domain::job::{JobId, JobState};
use common::intake::pairs::Asymmetry;
use common::ledger::{JobFilter, JobView, Ledger, StatusCounts};
use serde::Serialize;

use crate::alarms::{self, Alarms};
use crate::context::Context;
use crate::exit;
use crate::output::{Page, Table, counted};

/// More than any fleet has devices.
const ALL: u32 = 1_000_000;

/// The fleet by the newest job of each device. Names of fields are interface.
#[derive(Serialize)]
pub(crate) struct FleetStatus {
    /// Why no new attempt begins.
    hold: Option<FleetHold>,
    /// Parts of the fleet in which no new attempt begins.
    pauses: Vec<Pause>,
    #[serde(flatten)]
    alarms: Alarms,
    /// HA pairs whose members are not staged alike.
    asymmetric_pairs: Vec<Asymmetry>,
    #[serde(flatten)]
    pub(crate) counts: StatusCounts,
    /// Devices that are not as asked, and why.
    pub(crate) exceptions: Vec<Exception>,
}

/// A device that is not as asked.
#[derive(Debug, Serialize)]
pub(crate) struct Exception {
    pub(crate) serial: Serial,
    pub(crate) hostname: String,
    pub(crate) job_id: JobId,
    pub(crate) state: JobState,
    pub(crate) kind: Option<FailureKind>,
    pub(crate) message: String,
}

impl From<JobView> for Exception {
    fn from(job: JobView) -> Self {
        let JobView { id, serial, hostname, state, failure_kind, message, .. } = job;
        Self { serial, hostname, job_id: id, state, kind: failure_kind, message }
    }
}

/// Prints the counts and the exceptions.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let status = fleet(context.ledger().await?.as_ref()).await?;
    context.output.print(&status, page)?;
    Ok(status.code())
}

/// The status of the fleet now.
pub(crate) async fn fleet(ledger: &dyn Ledger) -> anyhow::Result<FleetStatus> {
    let counts = ledger.counts(None).await?;
    let exceptions = exceptions(ledger).await?;
    let alarms = Alarms::read(ledger).await?;
    let asymmetric_pairs = alarms::asymmetric_pairs(ledger).await?;
    let (hold, pauses) = (ledger.hold().await?, ledger.pauses().await?);
    Ok(FleetStatus { hold, pauses, alarms, asymmetric_pairs, counts, exceptions })
}

impl FleetStatus {
    /// 1 on an alarm. A hold by a person is none: somebody meant it.
    pub(crate) fn code(&self) -> u8 {
        let is_refused = self.hold.as_ref().is_some_and(|hold| matches!(hold.cause, HoldCause::Credentials));
        if self.alarms.any() || is_refused { exit::SOME_NOT } else { exit::OK }
    }
}

/// Devices whose newest job failed or was skipped, alike ones together.
pub(crate) async fn exceptions(ledger: &dyn Ledger) -> anyhow::Result<Vec<Exception>> {
    let filter = JobFilter {
        states: vec![JobState::Failed, JobState::Skipped],
        newest_per_device: true,
        ..JobFilter::default()
    };
    let mut exceptions: Vec<_> = ledger.jobs(&filter, ALL).await?.into_iter().map(Exception::from).collect();
    exceptions.sort_by(|a, b| (a.kind, a.state, &a.serial).cmp(&(b.kind, b.state, &b.serial)));
    Ok(exceptions)
}

/// The status for people.
pub(crate) fn page(status: &FleetStatus, page: &mut Page) {
    let FleetStatus { hold, pauses, alarms, asymmetric_pairs, counts, exceptions } = status;
    if let Some(hold) = hold {
        alarms::hold(hold, page);
        page.gap();
    }
    for pause in pauses {
        alarms::pause(pause, page);
        page.gap();
    }
    alarms.page(page);
    if counts.total == 0 {
        return page.line("no job yet; `panos-upgrade download queue-all --target VERSION` queues the fleet");
    }
    states(counts, page);
    if !counts.failures.is_empty() {
        page.gap();
        failures(counts, page);
    }
    exceptions_table(exceptions, page);
    alarms::asymmetries(asymmetric_pairs, page);
}

/// Devices by state, and how many are ready.
pub(crate) fn states(counts: &StatusCounts, page: &mut Page) {
    let mut states = Table::new(["STATE", "DEVICES"]);
    for state in JobState::ALL {
        states.row([state.to_string(), n_in(counts, state).to_string()]);
    }
    states.row(["total".to_owned(), counts.total.to_string()]);
    page.table(&states);
    page.gap();
    page.line(format!("{} of {} ready for install", counts.ready_for_install, counts.total));
}

/// Kinds of failure with what to do about each.
fn failures(counts: &StatusCounts, page: &mut Page) {
    let mut failures = Table::new(["FAILURE", "DEVICES", "REMEDY"]);
    for failure in &counts.failures {
        failures.row([failure.kind.to_string(), failure.count.to_string(), failure.remedy.to_owned()]);
    }
    page.table(&failures);
}

/// The devices behind the kinds, as [`exceptions`] sorts them.
pub(crate) fn exceptions_table(exceptions: &[Exception], page: &mut Page) {
    if exceptions.is_empty() {
        return;
    }
    page.gap();
    page.line(format!("{} not as asked", counted(exceptions.len(), "device")));
    // A table of its own for each kind leaves the message twice as much of a narrow terminal.
    for alike in exceptions.chunk_by(|a, b| (a.kind, a.state) == (b.kind, b.state)) {
        let Some(Exception { kind, state, .. }) = alike.first() else { continue };
        let kind = kind.map_or_else(|| "without a kind".to_owned(), |kind| kind.to_string());
        page.gap();
        page.line(format!("{kind}, {} {state}", alike.len()));
        let mut table = Table::new(["SERIAL", "HOSTNAME", "JOB", "MESSAGE"]);
        for Exception { serial, hostname, job_id, message, .. } in alike {
            table.row([serial.to_string(), hostname.clone(), job_id.to_string(), message.clone()]);
        }
        page.table(&table);
    }
}

/// Devices whose newest job waits or runs.
pub(crate) fn n_active(counts: &StatusCounts) -> u64 {
    counts.by_state.iter().filter(|(state, _)| !state.is_terminal()).map(|(_, n)| n).sum()
}

/// Devices whose newest job is in this state.
pub(crate) fn n_in(counts: &StatusCounts, state: JobState) -> u64 {
    counts.by_state.get(&state).copied().unwrap_or(0)
}

/// `3 running, 227 completed`: the states that occur, on one line.
pub(crate) fn one_line(counts: &StatusCounts) -> String {
    let occurring = JobState::ALL.into_iter().filter_map(|state| {
        let n = n_in(counts, state);
        (n > 0).then(|| format!("{n} {state}"))
    });
    let line = occurring.collect::<Vec<_>>().join(", ");
    if line.is_empty() { "no job yet".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(serial: &str, job: i64, state: JobState, kind: FailureKind) -> Exception {
        Exception {
            serial: serial.parse().unwrap(),
            hostname: "edge".to_owned(),
            job_id: JobId(job),
            state,
            kind: Some(kind),
            message: "why".to_owned(),
        }
    }

    #[test]
    fn devices_with_one_kind_of_failure_stand_together_under_it() {
        let exceptions = [
            exception("0001", 1, JobState::Skipped, FailureKind::NoPath),
            exception("0002", 20, JobState::Failed, FailureKind::Tls),
            exception("0003", 3, JobState::Failed, FailureKind::Tls),
        ];
        let mut page = Page::default();
        exceptions_table(&exceptions, &mut page);
        let expected = [
            "3 devices not as asked",
            "",
            "no_path, 1 skipped",
            "SERIAL  HOSTNAME  JOB  MESSAGE",
            "0001    edge      1    why",
            "",
            "tls, 2 failed",
            "SERIAL  HOSTNAME  JOB  MESSAGE",
            "0002    edge      20   why",
            "0003    edge      3    why",
        ];
        assert_eq!(page.render().lines().collect::<Vec<_>>(), expected);
    }
}
