//! What a discovery found, in JSON and for people.
//!
//! Lists for people are short, with the number of what is left out; the JSON has everything.

use common::intake::pairs::{self, Pair};
use std::collections::BTreeMap;

use common::domain::device::{Device, Serial};
use common::ledger::{DeviceRecord, Discovery};
use serde::Serialize;

use crate::discover::Odd;
use crate::output::{Page, Table, counted};

/// Rows of one list.
const SHOWN: usize = 10;

/// What the look at Panorama brought. Names of fields are interface.
#[derive(Serialize)]
pub(super) struct Discovered {
    #[serde(flatten)]
    discovery: Discovery,
    /// HA pairs of which both members are in the inventory.
    pairs: Vec<Members>,
    /// Devices that cannot, or probably cannot, be worked on.
    not_workable: Vec<NotWorkable>,
    /// Entries that are not, or not wholly, usable.
    errors: Vec<Odd>,
    /// To name what is listed.
    #[serde(skip)]
    inventory: BTreeMap<Serial, Device>,
}

/// One pair, the active member first.
#[derive(Serialize)]
struct Members {
    members: [Serial; 2],
    states: [String; 2],
}

/// A device that lacks something.
#[derive(Serialize)]
struct NotWorkable {
    serial: Serial,
    hostname: String,
    reason: &'static str,
    message: &'static str,
}

impl Discovered {
    pub(super) fn new(discovery: Discovery, errors: Vec<Odd>, records: Vec<DeviceRecord>) -> Self {
        let inventory: BTreeMap<Serial, Device> =
            records.into_iter().map(|record| (record.device.serial.clone(), record.device)).collect();
        let members = |Pair { first, second }: Pair<'_>| Members {
            members: [first.serial.clone(), second.serial.clone()],
            states: [first.ha.state().to_owned(), second.ha.state().to_owned()],
        };
        Self {
            pairs: pairs::pairs(inventory.values()).into_iter().map(members).collect(),
            not_workable: inventory.values().filter_map(not_workable).collect(),
            discovery,
            errors,
            inventory,
        }
    }

    pub(super) fn page(&self, page: &mut Page) {
        let Discovery { total, new, changed, gone } = &self.discovery;
        page.line(format!(
            "{}: {} new, {} changed, {} gone; {}",
            counted(*total, "device"),
            new.len(),
            changed.len(),
            gone.len(),
            counted(self.pairs.len(), "HA pair")
        ));
        let mut table = Table::new(["NEW", "HOSTNAME", "MODEL", "VERSION", "ADDRESS"]);
        for device in new.iter().take(SHOWN).filter_map(|serial| self.inventory.get(serial)) {
            let address = device.address.clone().unwrap_or_default();
            table.row([
                device.serial.to_string(),
                device.hostname.clone(),
                device.model.clone(),
                device.sw_version.clone(),
                address,
            ]);
        }
        list(page, &table, new.len());
        let mut table = Table::new(["CHANGED", "WHAT"]);
        for changed in changed.iter().take(SHOWN) {
            table.row([changed.serial.to_string(), changed.changes.join(", ")]);
        }
        list(page, &table, changed.len());
        let mut table = Table::new(["GONE", "WHAT"]);
        for gone in gone.iter().take(SHOWN) {
            table.row([gone.to_string(), "its jobs and its trail stay".to_owned()]);
        }
        list(page, &table, gone.len());
        let mut table = Table::new(["LEFT OUT", "WHY"]);
        for odd in self.errors.iter().take(SHOWN) {
            table.row([odd.serial.clone(), odd.message.clone()]);
        }
        list(page, &table, self.errors.len());
        self.lacking(page);
    }

    /// By reason, because the remedy is the same for all of one.
    fn lacking(&self, page: &mut Page) {
        let mut by_reason = BTreeMap::<&str, Vec<&NotWorkable>>::new();
        for device in &self.not_workable {
            by_reason.entry(device.reason).or_default().push(device);
        }
        let mut table = Table::new(["LACKING", "DEVICES", "FOR EXAMPLE", "WHAT TO DO"]);
        for (reason, devices) in by_reason {
            let Some(example) = devices.first() else { continue };
            table.row([
                reason.to_owned(),
                devices.len().to_string(),
                example.serial.to_string(),
                example.message.to_owned(),
            ]);
        }
        list(page, &table, 0);
    }
}

/// What a device lacks for being worked on; what weighs most.
fn not_workable(device: &Device) -> Option<NotWorkable> {
    let (reason, message) = if device.address.is_none() {
        ("no_address", "give one: `panos-upgrade device address SERIAL ADDRESS --reason TEXT`")
    } else if device.sw_version.is_empty() {
        ("no_version", "discover again when it is connected, or give current_version with `device import`")
    } else if !device.connected {
        ("disconnected", "check its connection to Panorama; jobs call it directly and are tried anyway")
    } else {
        return None;
    };
    Some(NotWorkable { serial: device.serial.clone(), hostname: device.hostname.clone(), reason, message })
}

/// A list with what was left out of it.
fn list(page: &mut Page, table: &Table, n: usize) {
    if table.is_empty() {
        return;
    }
    page.gap();
    page.table(table);
    if n > SHOWN {
        page.line(format!("and {} more; --output json has them all", n - SHOWN));
    }
}
