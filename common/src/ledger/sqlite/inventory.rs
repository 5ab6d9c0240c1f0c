//! [`Inventory`] for SQLite.

use async_trait::async_trait;
use rusqlite::Transaction;
use serde_json::json;

use super::statement::{Statement, statement};
use super::store::StoreError;
use super::{SqliteLedger, enqueue, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::device::{Device, Serial, Source};
use crate::domain::job::Requester;
use crate::ledger::rows::{self, Holder, json};
use crate::ledger::{Completeness, DeviceRecord, Discovery, Inventory, LedgerError, RemoveAnswer};

const READ_KNOWN_DEVICES: Statement = statement!("read_known_devices");
const UPSERT_DEVICES: Statement = statement!("upsert_devices");
const MARK_GONE: Statement = statement!("mark_gone");
const READ_DEVICE: Statement = statement!("read_device");
const READ_DEVICES: Statement = statement!("read_devices");
const SET_ADDRESS: Statement = statement!("set_address");

#[async_trait]
impl Inventory for SqliteLedger {
    async fn record_devices(
        &self,
        devices: &[Device],
        source: Source,
        complete: Completeness,
        by: &Requester,
    ) -> Result<Discovery, LedgerError> {
        let (devices, by) = (devices.to_vec(), by.clone());
        self.store
            .write("record_devices", move |transaction| {
                let shown: Vec<&str> = devices.iter().map(|device| device.serial.as_str()).collect();
                let known: Vec<DeviceRecord> =
                    READ_KNOWN_DEVICES.rows(transaction, (json(&shown), source.as_str()))?;
                let discovery = rows::discovery(&known, &devices, source, complete);

                upsert(transaction, &devices, source)?;
                MARK_GONE.execute(transaction, [json(&discovery.gone)])?;
                trail::begin_chains(transaction, &shown)?;
                let entry = rows::inventory_entry(&discovery, source, &by, SystemClock.now());
                trail::append(transaction, &[entry])?;
                Ok(discovery)
            })
            .await
    }

    async fn device(&self, serial: &Serial) -> Result<Option<DeviceRecord>, LedgerError> {
        let serial = serial.clone();
        self.store.read("device", move |transaction| read_device(transaction, &serial)).await
    }

    async fn devices(&self) -> Result<Vec<DeviceRecord>, LedgerError> {
        self.store.read("devices", |transaction| READ_DEVICES.rows(transaction, [])).await
    }

    async fn set_address(
        &self,
        serial: &Serial,
        address: Option<&str>,
        by: &Requester,
    ) -> Result<DeviceRecord, LedgerError> {
        let (serial, address, by) = (serial.clone(), address.map(str::to_owned), by.clone());
        self.store
            .write("set_address", move |transaction| {
                let record = known_device(transaction, &serial)?;
                let now = SystemClock.now();
                let Some(entry) = rows::address_entry(&record, address.as_deref(), &by, now) else {
                    return Ok(record);
                };
                SET_ADDRESS.execute(transaction, (serial.as_str(), &address))?;
                trail::append(transaction, &[entry])?;
                known_device(transaction, &serial)
            })
            .await
    }

    async fn remove_device(&self, serial: &Serial, by: &Requester) -> Result<RemoveAnswer, LedgerError> {
        let (serial, by) = (serial.clone(), by.clone());
        self.store
            .write("remove_device", move |transaction| {
                let record = known_device(transaction, &serial)?;
                let holders = enqueue::read_holders(transaction, &[&serial])?;
                if let Some(Holder { job, state, .. }) = holders.into_iter().find_map(|row| row.holder) {
                    return Ok(RemoveAnswer::ActiveJob { job, state });
                }
                if record.gone_at.is_none() {
                    MARK_GONE.execute(transaction, [json(&[&serial])])?;
                    trail::append(transaction, &[rows::removed_entry(&record, &by, SystemClock.now())])?;
                }
                Ok(RemoveAnswer::Removed)
            })
            .await
    }
}

/// One device, gone or not.
pub(super) fn read_device(
    transaction: &Transaction<'_>,
    serial: &Serial,
) -> Result<Option<DeviceRecord>, StoreError> {
    READ_DEVICE.row(transaction, [serial.as_str()])
}

/// One device, gone or not, that somebody named.
pub(super) fn known_device(
    transaction: &Transaction<'_>,
    serial: &Serial,
) -> Result<DeviceRecord, StoreError> {
    let record = read_device(transaction, serial)?;
    Ok(record.ok_or_else(|| LedgerError::UnknownDevice { serial: serial.clone() })?)
}

fn upsert(transaction: &Transaction<'_>, devices: &[Device], source: Source) -> Result<(), StoreError> {
    let devices: Vec<_> = rows::distinct(devices)
        .into_iter()
        .map(|device| {
            json!({
                "serial": device.serial,
                "hostname": device.hostname,
                "address": device.address,
                "model": device.model,
                "sw_version": device.sw_version,
                "ha_state": rows::ha_state(device),
                "ha_peer": device.ha.peer(),
                "multi_vsys": u8::from(device.multi_vsys),
                "connected": u8::from(device.connected),
            })
        })
        .collect();
    UPSERT_DEVICES.execute(transaction, (json(&devices), source.as_str()))?;
    Ok(())
}
