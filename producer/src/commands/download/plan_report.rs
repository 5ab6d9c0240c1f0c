//! What `download plan` found, in JSON and for people.

use common::domain::fleet_plan::{FleetPlan, Group};
use common::domain::path::Rule;
use serde::Serialize;

use crate::output::{Page, Table, amount, counted, size};

/// Rows of one list for people; the JSON has everything.
const SHOWN: usize = 20;

/// The fleet's plan. Names of fields are interface.
#[derive(Serialize)]
pub(super) struct PlanReport {
    /// Whether devices were asked, or the inventory alone was read.
    asked_devices: bool,
    /// Whether refused log-ins kept devices from being asked.
    stopped_by_refusals: bool,
    #[serde(flatten)]
    plan: FleetPlan,
}

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Every device.
    Devices,
    /// The inventory alone was read.
    Nobody,
}

impl PlanReport {
    /// `refused` counts the log-ins that ended the asking.
    pub(super) fn new(asked: Asked, refused: Option<u32>, plan: FleetPlan) -> Self {
        Self { asked_devices: asked == Asked::Devices, stopped_by_refusals: refused.is_some(), plan }
    }

    /// Whether every device can be brought to the goal, as far as anybody knows.
    pub(super) fn is_good(&self) -> bool {
        let FleetPlan { not_fitting, n_impossible, n_not_asked, .. } = &self.plan;
        not_fitting.is_empty() && *n_impossible == 0 && *n_not_asked == 0
    }

    pub(super) fn page(&self, page: &mut Page) {
        let plan = &self.plan;
        page.line(format!(
            "{}: {} to do, {} staged, {} at the target, {} impossible, {} not asked",
            counted(plan.n_devices, "device"),
            plan.n_to_do,
            plan.n_staged,
            plan.n_runs_target,
            plan.n_impossible,
            plan.n_not_asked
        ));
        self.images(page);
        self.not_fitting(page);
        groups("IMPOSSIBLE", &plan.impossible, page);
        groups("NOT ASKED", &plan.not_asked, page);
        if !plan.cautions.is_empty() {
            page.gap();
        }
        for caution in &plan.cautions {
            page.line(format!("caution ({}): {}", counted(caution.n_devices, "device"), caution.caution));
        }
    }

    fn images(&self, page: &mut Page) {
        let mut table = Table::new(["IMAGE", "TO BRING", "PRESENT", "BYTES", "WHY"]);
        for image in &self.plan.images {
            let why =
                image.rules.iter().map(|(rule, n)| why(*rule, *n, image.rules.len())).collect::<Vec<_>>();
            table.row([
                image.version.to_string(),
                image.n_devices.to_string(),
                if self.asked_devices { image.n_present.to_string() } else { "-".to_owned() },
                bytes(image.bytes, image.n_sizes_unknown),
                why.join(", "),
            ]);
        }
        if table.is_empty() {
            return;
        }
        page.gap();
        page.table(&table);
        let whole = bytes(self.plan.bytes_total, self.plan.n_sizes_unknown);
        page.line(if self.asked_devices {
            format!("to transfer: {whole}")
        } else {
            "no device was asked: what is there already, sizes and room are not known".to_owned()
        });
    }

    fn not_fitting(&self, page: &mut Page) {
        let mut table = Table::new(["DOES NOT FIT", "HOSTNAME", "MOUNT", "NEEDED", "FREE", "SHORT BY"]);
        for device in self.plan.not_fitting.iter().take(SHOWN) {
            table.row([
                device.serial.to_string(),
                device.hostname.clone(),
                device.mount.clone(),
                size(device.needed_bytes),
                size(device.available_bytes),
                size(device.shortfall_bytes),
            ]);
        }
        if !table.is_empty() {
            page.gap();
            page.table(&table);
            if self.plan.not_fitting.len() > SHOWN {
                page.line(format!(
                    "and {} more; --output json has them all",
                    self.plan.not_fitting.len() - SHOWN
                ));
            }
            page.line("`panos-upgrade device cleanup SERIAL --dry-run` shows what could go");
        }
        if self.asked_devices && self.plan.n_space_unknown > 0 {
            page.line(format!(
                "{} named no volume that could hold images",
                counted(self.plan.n_space_unknown, "device")
            ));
        }
    }
}

/// The rule without its explanation, which `path show` gives; with its devices where there are several rules.
fn why(rule: Rule, n_devices: usize, n_rules: usize) -> String {
    let sentence = rule.sentence();
    let short = sentence.split([',', ';']).next().unwrap_or(sentence);
    if n_rules > 1 { format!("{short} ({n_devices})") } else { short.to_owned() }
}

/// Bytes, and how many images are not among them.
fn bytes(bytes: u64, n_unknown: usize) -> String {
    match (bytes, n_unknown) {
        (0, 0) => "0".to_owned(),
        (0, n) => format!("{n} of unknown size"),
        (bytes, 0) => amount(bytes),
        (bytes, n) => format!("{} and {n} of unknown size", amount(bytes)),
    }
}

fn groups(title: &'static str, groups: &[Group], page: &mut Page) {
    let mut table = Table::new([title, "DEVICES", "FOR EXAMPLE", "WHAT", "WHAT TO DO"]);
    for group in groups {
        table.row([
            group.code.to_owned(),
            group.n_devices.to_string(),
            group.example.to_string(),
            group.message.clone(),
            group.remedy.clone(),
        ]);
    }
    if !table.is_empty() {
        page.gap();
        page.table(&table);
    }
}
