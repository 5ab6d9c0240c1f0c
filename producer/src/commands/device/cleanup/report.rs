//! What could go, what stays and why, and what went; in JSON and for people.

use common::domain::cleanup::CleanupPlan;
use common::domain::device::{Device, Serial};
use common::domain::version::Version;
use serde::Serialize;

use crate::output::{Page, Table, amount, counted, size};

/// One device's images. Names of fields are interface.
#[derive(Serialize)]
pub(super) struct Cleanup {
    serial: Serial,
    hostname: String,
    running: Version,
    /// Where images are kept, and what was free there; absent when the device names no such volume.
    #[serde(flatten)]
    free: Option<Free>,
    #[serde(flatten)]
    pub(super) plan: CleanupPlan,
    /// What was done; `null` in a dry run.
    pub(super) applied: Option<Applied>,
}

/// Room on the volume that holds images.
#[derive(Serialize)]
pub(super) struct Free {
    pub(super) mount: String,
    pub(super) available_bytes: u64,
}

/// What was deleted and what was not.
#[derive(Debug, Default, Serialize)]
pub(super) struct Applied {
    /// The device lists them no longer.
    pub(super) deleted: Vec<Version>,
    pub(super) failed: Vec<Failed>,
    /// What is free now, where the device says so.
    pub(super) available_bytes: Option<u64>,
}

/// Something that was not deleted.
#[derive(Debug, Serialize)]
pub(super) struct Failed {
    /// `null` when it concerns no image alone.
    pub(super) version: Option<Version>,
    pub(super) message: String,
}

impl Applied {
    pub(super) fn fail(&mut self, version: Version, message: String) {
        self.failed.push(Failed { version: Some(version), message });
    }
}

impl Cleanup {
    pub(super) fn new(device: &Device, running: &Version, free: Option<Free>, plan: CleanupPlan) -> Self {
        let Device { serial, hostname, .. } = device.clone();
        Self { serial, hostname, running: *running, free, plan, applied: None }
    }

    /// Whether everything that was to go is gone.
    pub(super) fn is_good(&self) -> bool {
        self.applied.as_ref().is_none_or(|applied| applied.failed.is_empty())
    }

    pub(super) fn page(&self, page: &mut Page) {
        let name = if self.hostname.is_empty() { self.serial.as_str() } else { &self.hostname };
        let free = self.free.as_ref().map_or_else(
            || "it names no volume that holds images".to_owned(),
            |free| format!("{} free on {}", amount(free.available_bytes), free.mount),
        );
        page.line(format!("{name} runs {}; {free}", self.running));
        let mut table = Table::new(["IMAGE", "SIZE", "WHAT", "WHY"]);
        for image in &self.plan.delete {
            let what = self.became(&image.version);
            table.row([
                image.version.to_string(),
                image.size_bytes.map(size).unwrap_or_default(),
                what.to_owned(),
                "older than what runs, and on no plan".to_owned(),
            ]);
        }
        for image in &self.plan.keep {
            table.row([
                image.version.to_string(),
                String::new(),
                "stays".to_owned(),
                image.reason.to_string(),
            ]);
        }
        page.table(&table);
        self.end(page);
    }

    fn became(&self, version: &Version) -> &'static str {
        match &self.applied {
            None => "can go",
            Some(applied) if applied.deleted.contains(version) => "deleted",
            Some(_) => "not deleted",
        }
    }

    fn end(&self, page: &mut Page) {
        let frees = amount(self.plan.frees_bytes);
        match &self.applied {
            None if self.plan.delete.is_empty() => page.line(
                "nothing can go by rule: free the room on the device by hand (logs, captures, content), then `panos-upgrade job retry ID`",
            ),
            None => page.line(format!(
                "{} can go, which frees {frees}; `panos-upgrade device cleanup {} --apply --reason TEXT` deletes them",
                counted(self.plan.delete.len(), "image"),
                self.serial
            )),
            Some(applied) => {
                for failed in &applied.failed {
                    let version = failed.version.map(|version| format!("{version}: ")).unwrap_or_default();
                    page.line(format!("not deleted: {version}{}", failed.message));
                }
                let now = applied.available_bytes.map(|bytes| format!("; {} free now", amount(bytes)));
                page.line(format!("{} deleted{}", counted(applied.deleted.len(), "image"), now.unwrap_or_default()));
            }
        }
    }
}
