//! What a person has to look at, whatever command they run: a hold of the fleet, hashes that differ, uneven pairs.
//!
//! Leaves to others: counting jobs (`download status`), asking devices (`download verify`).

use std::collections::HashMap;

use common::domain::device::Serial;
use common::domain::hash::{Cleared, HashDispute, HashMismatch};
use common::domain::hold::{FleetHold, HoldCause, Pause, PauseScope};
use common::domain::image::ImageFile;
use common::domain::version::Version;
use common::intake::pairs::{self, Asymmetry, Pair, Staging};
use common::ledger::{Ledger, PairMember};
use serde::Serialize;

use crate::output::{Page, Table, counted, time};

/// Rows of one list; the JSON has everything.
const SHOWN: usize = 10;

/// Hashes that differ. Names of fields are interface.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Alarms {
    /// Devices that hold, or held, an image with another hash than the trusted one, and that nobody cleared.
    pub(crate) mismatches: Vec<HashMismatch>,
    /// Files for which devices report different hashes while none is trusted.
    pub(crate) disputes: Vec<HashDispute>,
}

impl Alarms {
    pub(crate) async fn read(ledger: &dyn Ledger) -> anyhow::Result<Self> {
        Ok(Self { mismatches: ledger.mismatches(true).await?, disputes: ledger.disputes().await? })
    }

    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        !self.mismatches.is_empty() || !self.disputes.is_empty()
    }

    /// The alarms for people; nothing where there is none.
    pub(crate) fn page(&self, page: &mut Page) {
        if !self.mismatches.is_empty() {
            page.line(format!("ALARM: {} not cleared", counted(self.mismatches.len(), "hash mismatch")));
            mismatches(&self.mismatches, SHOWN, page);
            page.line("compare with the vendor's published hash, then `panos-upgrade hash clear SERIAL --version V --reason TEXT`");
            page.gap();
        }
        if !self.disputes.is_empty() {
            page.line(format!("ALARM: devices disagree about {}", counted(self.disputes.len(), "file")));
            disputes(&self.disputes, SHOWN, page);
            page.line("find out which hash the vendor publishes, then `panos-upgrade hash add`");
            page.gap();
        }
    }
}

/// At most `shown` mismatches as tables: the open ones, and those that somebody cleared.
pub(crate) fn mismatches(mismatches: &[HashMismatch], shown: usize, page: &mut Page) {
    let mut open = Table::new(["SERIAL", "IMAGE", "JOB", "SINCE", "TRUSTED", "FOUND"]);
    let mut cleared = Table::new(["SERIAL", "IMAGE", "JOB", "TRUSTED", "FOUND", "CLEARED"]);
    for mismatch in mismatches.iter().take(shown) {
        let (serial, job) = (mismatch.serial.to_string(), mismatch.job.to_string());
        let image = image(&mismatch.version, mismatch.file_name.as_ref());
        let (trusted, found) = (short(mismatch.expected.as_str()), short(mismatch.found.as_str()));
        match &mismatch.cleared {
            None => open.row([serial, image, job, time(mismatch.raised_at), trusted, found]),
            Some(Cleared { by, at }) => {
                let why = by.reason.as_deref().unwrap_or("no reason");
                let how = format!("{} by {}: {why}", time(*at), by.operator);
                cleared.row([serial, image, job, trusted, found, how]);
            }
        }
    }
    page.table(&open);
    if !cleared.is_empty() {
        page.gap();
        page.table(&cleared);
    }
    more(mismatches.len(), shown, page);
}

/// At most `shown` disputes as a table.
pub(crate) fn disputes(disputes: &[HashDispute], shown: usize, page: &mut Page) {
    let mut table = Table::new(["IMAGE", "SHA-256", "DEVICES", "FOR EXAMPLE"]);
    for dispute in disputes.iter().take(shown) {
        for other in &dispute.hashes {
            table.row([
                image(&dispute.version, dispute.file_name.as_ref()),
                other.sha256.to_string(),
                other.n_devices.to_string(),
                other.example.to_string(),
            ]);
        }
    }
    page.table(&table);
    more(disputes.len(), shown, page);
}

fn image(version: &Version, file_name: Option<&ImageFile>) -> String {
    file_name.map_or_else(|| version.to_string(), ToString::to_string)
}

/// Enough of a hash to recognise it; the JSON has it whole.
fn short(hash: &str) -> String {
    format!("{}..", hash.get(..7).unwrap_or(hash))
}

fn more(n: usize, shown: usize, page: &mut Page) {
    if n > shown {
        page.line(format!("and {} more; --output json has them all", n - shown));
    }
}

/// A hold, loud, with the way out.
pub(crate) fn hold(hold: &FleetHold, page: &mut Page) {
    let whose = hold
        .by
        .as_ref()
        .map_or_else(|| "the workers".to_owned(), |by| format!("{} on {}", by.operator, by.host));
    page.line(format!("THE FLEET IS HELD since {} by {whose}: {}", time(hold.since), hold.reason));
    page.line(match hold.cause {
        HoldCause::Operator => "no new attempt begins, running ones go on; `panos-upgrade fleet resume --reason TEXT` ends it",
        HoldCause::Credentials => {
            "firewalls refused the log-in and no new attempt begins, so that no account gets locked; check user and \
             password, or the API key, then `panos-upgrade fleet resume --reason TEXT`"
        }
    });
}

/// A pause of a part, with the way out.
pub(crate) fn pause(pause: &Pause, page: &mut Page) {
    let Pause { scope, reason, since, by } = pause;
    page.line(format!(
        "PAUSED: {} since {} by {} on {}: {reason}",
        part(scope),
        time(*since),
        by.operator,
        by.host
    ));
    page.line(format!(
        "no new attempt begins there, running ones go on; `panos-upgrade fleet resume --{} {} --reason TEXT` ends it",
        scope.kind(),
        scope.name()
    ));
}

/// The part that a pause is about, in words.
pub(crate) fn part(scope: &PauseScope) -> String {
    match scope {
        PauseScope::Queue(job_type) => format!("jobs of the type {job_type}"),
        PauseScope::Worker(worker) => format!("worker {worker}"),
    }
}

/// Pairs whose members are not staged alike, by what their newest jobs left.
pub(crate) async fn asymmetric_pairs(ledger: &dyn Ledger) -> anyhow::Result<Vec<Asymmetry>> {
    let members = ledger.pair_members().await?;
    let staged: HashMap<&Serial, Staging> =
        members.iter().map(|member| (&member.device.serial, staging(member))).collect();
    let uneven = |pair: Pair<'_>| {
        pairs::compare(&pair, staged.get(&pair.first.serial)?, staged.get(&pair.second.serial)?)
    };
    Ok(pairs::pairs(members.iter().map(|member| &member.device)).into_iter().filter_map(uneven).collect())
}

/// What the newest job of a device left there.
fn staging(member: &PairMember) -> Staging {
    match (member.state, &member.ready) {
        (Some(state), _) if !state.is_terminal() => Staging::Unsettled,
        (Some(_), Some(versions)) => Staging::Ready(versions.iter().copied().collect()),
        (Some(_), None) | (None, _) => Staging::NotReady,
    }
}

/// Uneven pairs for people; nothing where there is none.
pub(crate) fn asymmetries(asymmetries: &[Asymmetry], page: &mut Page) {
    if asymmetries.is_empty() {
        return;
    }
    page.gap();
    page.line(format!("{} not staged alike:", counted(asymmetries.len(), "HA pair")));
    let mut table = Table::new(["MEMBERS", "DIFFERENCE"]);
    for asymmetry in asymmetries.iter().take(SHOWN) {
        let members: Vec<&str> = asymmetry.members.iter().map(Serial::as_str).collect();
        table.row([members.join(" "), asymmetry.difference.clone()]);
    }
    page.table(&table);
    more(asymmetries.len(), SHOWN, page);
}
