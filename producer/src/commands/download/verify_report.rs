//! What `download verify` found: JSON, CSV with the predecessor tool's columns, and a table.

use common::intake::pairs::{self, Asymmetry, Pair, Staging};
use std::collections::HashMap;

use common::domain::device::{Device, Serial};
use common::domain::job::{JobId, JobState};
use common::ledger::JobView;
use producer::csv_file;
use serde::Serialize;

use crate::alarms::{self, Alarms};
use crate::output::{Page, Table, counted};
use crate::stage::Staged;

/// Columns of the report; the last one is ours, the others are the predecessor's.
const COLUMNS: [&str; 8] = [
    "hostname",
    "serial",
    "model",
    "mgmt_ip",
    "current_version",
    "verify_download",
    "verify_download_status",
    "hash_verification",
];

/// How asking one device went, the predecessor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The device told what it has.
    VerificationComplete,
    /// Its newest job found no images to bring.
    NoPath,
    /// It did not answer, or not as somebody to be trusted.
    ConnectionFailed,
    /// It answered something else.
    Error,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::VerificationComplete => "verification_complete",
            Self::NoPath => "no_path",
            Self::ConnectionFailed => "connection_failed",
            Self::Error => "error",
        }
    }
}

/// One device.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) hostname: String,
    pub(crate) serial: Serial,
    model: String,
    mgmt_ip: String,
    current_version: String,
    job_id: JobId,
    job_state: JobState,
    verify_download_status: Status,
    /// Every image of the newest job, in order of its path.
    images: Vec<Staged>,
    /// Whether the device is as its newest job left it.
    as_left: bool,
    /// What went wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

impl Verdict {
    /// A device whose list was not, or not yet, compared.
    pub(crate) fn new(device: Device, job: &JobView, status: Status, message: String) -> Self {
        Self {
            hostname: device.hostname,
            serial: device.serial,
            model: device.model,
            mgmt_ip: device.address.unwrap_or_default(),
            current_version: device.sw_version,
            job_id: job.id,
            job_state: job.state,
            verify_download_status: status,
            images: Vec::new(),
            // A device without a path has nothing that it could have lost.
            as_left: matches!(status, Status::VerificationComplete | Status::NoPath),
            message,
        }
    }

    /// The same device with what it has and runs.
    pub(crate) fn with(self, images: Vec<Staged>, runs: String) -> Self {
        let as_left = images.iter().all(|image| image.as_left);
        Self { images, current_version: runs, as_left, ..self }
    }

    /// What it has now, for the comparison with its HA peer.
    fn staging(&self) -> Staging {
        if self.verify_download_status != Status::VerificationComplete {
            return Staging::Unsettled;
        }
        if self.images.iter().any(|image| !image.present) {
            return Staging::NotReady;
        }
        Staging::Ready(self.images.iter().map(|image| image.version).collect())
    }

    /// `11.1.0 verified, 11.1.4-h7 absent`, or why nothing is known.
    fn found(&self) -> String {
        if self.verify_download_status != Status::VerificationComplete {
            return format!("{}: {}", self.verify_download_status.as_str(), self.message);
        }
        let each = self.images.iter().map(|image| {
            let found = image.hash.as_ref().map_or("absent", |hash| hash.as_str());
            format!("{} {found}", image.version)
        });
        each.collect::<Vec<_>>().join(", ")
    }

    /// `11.1.0:yes, 11.1.4-h7:no`.
    fn present(&self) -> String {
        let each = self
            .images
            .iter()
            .map(|image| format!("{}:{}", image.version, if image.present { "yes" } else { "no" }));
        each.collect::<Vec<_>>().join(", ")
    }

    /// `11.1.0:verified`.
    fn hashes(&self) -> String {
        let each = self
            .images
            .iter()
            .filter_map(|image| Some(format!("{}:{}", image.version, image.hash.as_ref()?.as_str())));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// All devices, by hostname. Names of fields are interface.
#[derive(Debug, Serialize)]
pub(crate) struct VerifyReport {
    total: usize,
    as_left: usize,
    devices: Vec<Verdict>,
    #[serde(flatten)]
    alarms: Alarms,
    /// HA pairs whose members do not have the same images now.
    asymmetric_pairs: Vec<Asymmetry>,
}

impl VerifyReport {
    /// What the devices told, and what is known besides; `inventory` tells who belongs to whom.
    pub(crate) fn new(devices: Vec<Verdict>, alarms: Alarms, inventory: &[Device]) -> Self {
        let as_left = devices.iter().filter(|device| device.as_left).count();
        let staging: HashMap<&Serial, Staging> =
            devices.iter().map(|device| (&device.serial, device.staging())).collect();
        let uneven = |pair: &Pair<'_>| {
            let (first, second) = (staging.get(&pair.first.serial)?, staging.get(&pair.second.serial)?);
            pairs::compare(pair, first, second)
        };
        let asymmetric_pairs = pairs::pairs(inventory).iter().filter_map(uneven).collect();
        Self { total: devices.len(), as_left, devices, alarms, asymmetric_pairs }
    }

    /// Whether every device is as its newest job left it, and there is no alarm.
    pub(crate) fn is_good(&self) -> bool {
        self.as_left == self.total && !self.alarms.any()
    }

    /// The report as CSV.
    pub(crate) fn csv(&self) -> anyhow::Result<String> {
        let row = |device: &Verdict| {
            [
                device.hostname.clone(),
                device.serial.to_string(),
                device.model.clone(),
                device.mgmt_ip.clone(),
                device.current_version.clone(),
                device.present(),
                device.verify_download_status.as_str().to_owned(),
                device.hashes(),
            ]
        };
        csv_file::text(COLUMNS, self.devices.iter().map(row))
    }

    /// The report for people.
    pub(crate) fn page(&self, page: &mut Page) {
        self.alarms.page(page);
        let mut table = Table::new(["HOSTNAME", "SERIAL", "RUNS", "AS LEFT", "FOUND"]);
        for device in &self.devices {
            table.row([
                device.hostname.clone(),
                device.serial.to_string(),
                device.current_version.clone(),
                if device.as_left { "yes" } else { "NO" }.to_owned(),
                device.found(),
            ]);
        }
        page.table(&table);
        page.gap();
        page.line(format!(
            "{} asked, {} as their newest job left them",
            counted(self.total, "device"),
            self.as_left
        ));
        alarms::asymmetries(&self.asymmetric_pairs, page);
    }
}
