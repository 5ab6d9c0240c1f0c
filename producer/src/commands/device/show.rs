//! `device show`: one device with its newest job.

use common::ledger::{DeviceRecord, JobFilter, JobView};
use serde::Serialize;

use super::list::connected;
use crate::commands::job::show::facts as job_facts;
use crate::context::{Context, known_device};
use crate::exit;
use crate::output::{Page, time};

/// A device, and what was last asked for it.
#[derive(Serialize)]
struct Shown {
    device: DeviceRecord,
    job: Option<JobView>,
}

/// Shows one device, gone or not.
pub(crate) async fn run(context: &Context, serial: &str) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let device = known_device(ledger.as_ref(), serial).await?;
    let filter = JobFilter { serial: Some(device.device.serial.clone()), ..JobFilter::default() };
    let job = ledger.jobs(&filter, 1).await?.pop();
    context.output.print(&Shown { device, job }, page)?;
    Ok(exit::OK)
}

fn page(Shown { device: record, job }: &Shown, page: &mut Page) {
    let device = &record.device;
    page.facts(&[
        ("serial", Some(device.serial.to_string())),
        ("hostname", Some(device.hostname.clone())),
        ("address", Some(address(record))),
        ("model", Some(device.model.clone())),
        ("version", Some(device.sw_version.clone())),
        ("ha", Some(device.ha.state().to_owned())),
        ("peer", device.ha.peer().map(ToString::to_string)),
        ("connected", Some(connected(device).to_owned())),
        ("source", Some(device.source.as_str().to_owned())),
        ("first seen", Some(time(record.first_seen_at))),
        ("last seen", Some(time(record.last_seen_at))),
        ("gone", record.gone_at.map(time)),
    ]);
    page.gap();
    match job {
        Some(job) => page.facts(&job_facts(job)),
        None => page.line("no job yet"),
    }
}

fn address(record: &DeviceRecord) -> String {
    match (&record.device.address, &record.address_override) {
        (Some(address), Some(_)) => format!("{address} (set by hand)"),
        (Some(address), None) => address.clone(),
        (None, _) => "not known".to_owned(),
    }
}
