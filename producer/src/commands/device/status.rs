//! `device status`: the status document, under the predecessor tool's field names.

use common::domain::status::DeviceStatus;

use crate::context::{Context, known_device};
use crate::exit;
use crate::output::{Page, Table, time};

/// Prints the document that the last step left behind, or that of a device that no worker has looked at.
pub(crate) async fn run(context: &Context, serial: &str) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let record = known_device(ledger.as_ref(), serial).await?;
    let device = &record.device;
    let status = ledger.status(&device.serial).await?.unwrap_or_else(|| {
        let (serial, ha) = (device.serial.as_str(), device.ha.state());
        DeviceStatus::untouched(serial, &device.hostname, ha, &device.sw_version, record.last_seen_at)
    });
    context.output.print(&status, page)?;
    Ok(exit::OK)
}

fn page(status: &DeviceStatus, page: &mut Page) {
    let yes = |yes: bool| Some(if yes { "yes" } else { "no" }.to_owned());
    page.facts(&[
        ("serial", Some(status.serial.clone())),
        ("hostname", Some(status.hostname.clone())),
        ("ha role", Some(status.ha_role.clone())),
        ("job", status.job_id.map(|job| job.to_string())),
        ("status", word(&status.upgrade_status)),
        ("phase", Some(status.current_phase.as_str().to_owned())),
        ("progress", Some(format!("{} %", status.progress))),
        ("message", Some(status.upgrade_message.clone())),
        ("runs", Some(status.current_version.clone())),
        ("target", status.target_version.clone()),
        ("ready for install", yes(status.ready_for_install)),
        ("skipped because", status.skip_reason.clone()),
        (
            "disk space",
            status.disk_space.as_ref().map(|disk| {
                format!(
                    "{:.1} GiB free on {}, {:.1} GiB needed",
                    disk.available_gb, disk.mount, disk.required_gb
                )
            }),
        ),
        ("updated", Some(time(status.last_updated))),
    ]);
    let mut images = Table::new(["IMAGE", "HERE", "HASH", "SHA-256"]);
    for version in &status.upgrade_path {
        let here = if status.downloaded_versions.contains(version) {
            "downloaded"
        } else if status.skipped_versions.contains(version) {
            "was there"
        } else {
            "no"
        };
        images.row([
            version.clone(),
            here.to_owned(),
            status
                .hash_verification
                .get(version)
                .map(|outcome| outcome.as_str().to_owned())
                .unwrap_or_default(),
            status.version_hashes.get(version).cloned().unwrap_or_default(),
        ]);
    }
    let mut errors = Table::new(["AT", "PHASE", "KIND", "MESSAGE"]);
    for error in &status.errors {
        errors.row([
            time(error.timestamp),
            error.phase.as_str().to_owned(),
            error.kind.to_string(),
            error.message.clone(),
        ]);
    }
    for table in [images, errors].iter().filter(|table| !table.is_empty()) {
        page.gap();
        page.table(table);
    }
}

/// The word that an enum has in JSON.
fn word(value: &impl serde::Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}
