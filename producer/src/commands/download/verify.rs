//! `download verify`: asks the devices themselves what they have.
//!
//! A box is believed only after its serial was compared. Nothing is written, on devices or in the ledger.

use std::collections::HashMap;
use std::path::Path;

use common::domain::catalogue::{Catalogue, CatalogueConflict};
use common::domain::device::Device;
use common::domain::failure::FailureKind;
use common::domain::image::SoftwareListing;
use common::domain::job::JobState;
use common::ledger::{ImageRecord, JobFilter, JobView, Ledger};
use panos::PanosError;
use worker::device::Connector;

use super::verify_report::{Status, Verdict, VerifyReport};
use crate::alarms::Alarms;
use crate::ask::{self, List, LoginGate, NotSeen};
use crate::cli::Select;
use crate::commands::device::selected;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::input;
use crate::output::note;
use crate::stage;

/// More than any fleet has devices.
const ALL: u32 = 1_000_000;

/// Asks every selected device whose newest job has ended.
pub(crate) async fn run(context: &Context, select: &Select, report: Option<&Path>) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let connector = context.connector()?;
    connector.check_firewall_login()?;
    let inventory: Vec<Device> = ledger.devices().await?.into_iter().map(|record| record.device).collect();
    let wanted = wanted(ledger.as_ref(), select).await?;
    if wanted.is_empty() {
        note(
            "note: no selected device has a job that ended; `panos-upgrade download status` shows where the fleet is",
        );
    }
    let trusted = Catalogue::new(ledger.hashes().await?).map_err(|conflicts| contradiction(&conflicts))?;

    let gate = ask::gate(&context.config);
    let (connector, trusted, gate) = (&connector, &trusted, &gate);
    let mut verdicts: Vec<Verdict> =
        ask::all(wanted, |wanted| async move { verdict(connector, trusted, gate, wanted).await }).await;
    if let Some(refused) = gate.stopped() {
        note(&format!("note: {refused} log-ins in a row were refused, so the other devices were not asked"));
    }
    verdicts.sort_by(|a, b| (&a.hostname, &a.serial).cmp(&(&b.hostname, &b.serial)));

    let verified = VerifyReport::new(verdicts, Alarms::read(ledger.as_ref()).await?, &inventory);
    if let Some(file) = report {
        input::write(file, &verified.csv()?)?;
    }
    context.output.print(&verified, VerifyReport::page)?;
    Ok(if verified.is_good() { exit::OK } else { exit::SOME_NOT })
}

/// A device with its newest job's images.
struct Wanted {
    device: Device,
    job: JobView,
    images: Vec<ImageRecord>,
}

async fn wanted(ledger: &dyn Ledger, select: &Select) -> anyhow::Result<Vec<Wanted>> {
    let devices = selected(ledger, select).await?;
    let filter = JobFilter { newest_per_device: true, ..JobFilter::default() };
    let jobs = ledger.jobs(&filter, ALL).await?;
    let mut newest: HashMap<_, _> = jobs.into_iter().map(|job| (job.serial.clone(), job)).collect();
    let mut wanted = Vec::new();
    for record in devices {
        let Some(job) = newest.remove(&record.device.serial).filter(|job| job.state.is_terminal()) else {
            continue;
        };
        let images = ledger.images(job.id).await?;
        wanted.push(Wanted { device: record.device, job, images });
    }
    Ok(wanted)
}

async fn verdict(connector: &Connector, trusted: &Catalogue, gate: &LoginGate, wanted: Wanted) -> Verdict {
    let Wanted { device, job, images } = wanted;
    if images.is_empty() && job.state != JobState::Completed {
        let (status, why) = match job.failure_kind {
            Some(FailureKind::NoPath) => (Status::NoPath, ""),
            Some(_) | None => (Status::Error, "its newest job ended before images were planned: "),
        };
        return Verdict::new(device, &job, status, format!("{why}{}", job.message));
    }
    match look(connector, &device, gate).await {
        Ok((listing, runs)) => {
            let staged = stage::compare(&images, &listing, trusted);
            Verdict::new(device, &job, Status::VerificationComplete, String::new()).with(staged, runs)
        }
        Err(not) => Verdict::new(device, &job, status(&not), not.message()),
    }
}

/// The device's list and what it runs.
async fn look(
    connector: &Connector,
    device: &Device,
    gate: &LoginGate,
) -> Result<(SoftwareListing, String), NotSeen> {
    let met = ask::meet(connector, device, gate).await?;
    // What is there stands in an old list, too: a check that is refused changes nothing.
    let listed = ask::listing(&met.client, List::Checked).await?;
    Ok((listed.listing, met.info.sw_version))
}

/// The predecessor's word for it.
fn status(not: &NotSeen) -> Status {
    match not {
        NotSeen::NoAddress | NotSeen::Panos(PanosError::NoAnswer { .. } | PanosError::Tls { .. }) => {
            Status::ConnectionFailed
        }
        NotSeen::Panos(_)
        | NotSeen::Connector(_)
        | NotSeen::WrongDevice { .. }
        | NotSeen::VersionUnreadable { .. }
        | NotSeen::Stopped { .. } => Status::Error,
    }
}

/// Two hashes for one file in the ledger: its keys make that impossible, and guessing would be worse.
fn contradiction(conflicts: &[CatalogueConflict]) -> Failure {
    Failure::bad_file("the trusted hashes of the ledger", conflicts)
}
