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
use common::report::Chain;
use futures_util::{StreamExt, stream};
use panos::{Client, PanosError};
use worker::device::Connector;

use super::verify_report::{Status, Verdict, VerifyReport};
use crate::cli::Select;
use crate::commands::device::selected;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::input;
use crate::listing;
use crate::output::note;
use crate::progress::Progress;
use crate::stage;

/// Devices asked at once: each is one connection and mostly waits for its update server.
const CONCURRENCY: usize = 50;

/// More than any fleet has devices.
const ALL: u32 = 1_000_000;

/// Asks every selected device whose newest job has ended.
pub(crate) async fn run(context: &Context, select: &Select, report: Option<&Path>) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let connector = context.connector()?;
    connector.check_firewall_login()?;
    let wanted = wanted(ledger.as_ref(), select).await?;
    if wanted.is_empty() {
        note(
            "note: no selected device has a job that ended; `panos-upgrade download status` shows where the fleet is",
        );
    }
    let trusted = Catalogue::new(ledger.hashes().await?).map_err(|conflicts| contradiction(&conflicts))?;

    let progress = Progress::of(wanted.len(), "asking devices");
    let (connector, trusted, progress) = (&connector, &trusted, &progress);
    let mut verdicts: Vec<Verdict> = stream::iter(wanted)
        .map(|wanted| async move {
            let verdict = ask(connector, trusted, wanted).await;
            progress.add(1);
            verdict
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    verdicts.sort_by(|a, b| (&a.hostname, &a.serial).cmp(&(&b.hostname, &b.serial)));

    let verified = VerifyReport::new(verdicts);
    if let Some(file) = report {
        input::write(file, &verified.csv()?)?;
    }
    context.output.print(&verified, VerifyReport::page)?;
    Ok(if verified.all_as_left() { exit::OK } else { exit::SOME_NOT })
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

async fn ask(connector: &Connector, trusted: &Catalogue, wanted: Wanted) -> Verdict {
    let Wanted { device, job, images } = wanted;
    if images.is_empty() && job.state != JobState::Completed {
        let (status, why) = match job.failure_kind {
            Some(FailureKind::NoPath) => (Status::NoPath, ""),
            Some(_) | None => (Status::Error, "its newest job ended before images were planned: "),
        };
        return Verdict::new(device, &job, status, format!("{why}{}", job.message));
    }
    let Some(address) = device.address.as_deref() else {
        let message = "the inventory has no management address".to_owned();
        return Verdict::new(device, &job, Status::ConnectionFailed, message);
    };
    let client = match connector.firewall(address, &device.serial) {
        Ok(client) => client,
        Err(error) => {
            let message = Chain(&error).to_string();
            return Verdict::new(device, &job, Status::Error, message);
        }
    };
    match look(&client, &device).await {
        Ok((listing, runs)) => {
            let staged = stage::compare(&images, &listing, trusted);
            Verdict::new(device, &job, Status::VerificationComplete, String::new()).with(staged, runs)
        }
        Err(NotSeen::Panos(error)) => {
            let status = match &error {
                PanosError::NoAnswer { .. } | PanosError::Tls { .. } => Status::ConnectionFailed,
                PanosError::Refused { .. }
                | PanosError::UnexpectedAnswer { .. }
                | PanosError::TooLarge { .. }
                | PanosError::Setup { .. } => Status::Error,
            };
            Verdict::new(device, &job, status, Chain(&error).to_string())
        }
        Err(NotSeen::WrongDevice { found }) => {
            let message = format!("the address answers as device {found}; correct it in the inventory");
            Verdict::new(device, &job, Status::Error, message)
        }
    }
}

/// Why a device's list was not seen.
enum NotSeen {
    Panos(PanosError),
    WrongDevice { found: String },
}

/// The device's list and what it runs, after it has shown that it is the one.
async fn look(client: &Client, device: &Device) -> Result<(SoftwareListing, String), NotSeen> {
    let info = client.system_info().await.map_err(NotSeen::Panos)?;
    if info.serial.as_deref() != Some(device.serial.as_str()) {
        return Err(NotSeen::WrongDevice {
            found: info.serial.unwrap_or_else(|| "without a serial".to_owned()),
        });
    }
    let listing = listing::refreshed(client).await.map_err(NotSeen::Panos)?;
    Ok((listing, info.sw_version))
}

/// Two hashes for one file in the ledger: its keys make that impossible, and guessing would be worse.
fn contradiction(conflicts: &[CatalogueConflict]) -> Failure {
    Failure::bad_file("the trusted hashes of the ledger", conflicts)
}
