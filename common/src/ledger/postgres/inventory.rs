//! The inventory: what sources show, compared with what is known, in one transaction.
//!
//! Promises: two discoveries at once come one after the other, because both begin with the head of the system
//! chain; a device's chain begins with it. Leaves to others: reading sources, and what a difference is
//! ([`rows`](crate::ledger::rows)).

use async_trait::async_trait;
use futures_util::try_join;

use super::connection::{Transaction, each};
use super::statement::{Columns, Statement, bools, statement, text, texts};
use super::trail;
use super::{PostgresLedger, enqueue};
use crate::audit::entry::SYSTEM_CHAIN;
use crate::clock::{Clock, SystemClock};
use crate::domain::device::{Device, Ha, Serial, Source};
use crate::domain::job::Requester;
use crate::ledger::rows::{
    Holder, address_entry, discovery, distinct, ha_state, inventory_entry, removed_entry,
    source as source_of, word,
};
use crate::ledger::{Completeness, DeviceRecord, Discovery, Inventory, LedgerError, RemoveAnswer};

const LOCK_HEAD: Statement = statement!("lock_head");
const READ_KNOWN_DEVICES: Statement = statement!("read_known_devices");
const UPSERT_DEVICES: Statement = statement!("upsert_devices");
const MARK_GONE: Statement = statement!("mark_gone");
const READ_DEVICES: Statement = statement!("read_devices");
const LOCK_DEVICE: Statement = statement!("lock_device");
const SET_ADDRESS: Statement = statement!("set_address");

/// One device, gone or not; [`device_record`] reads a row.
pub(super) const READ_DEVICE: Statement = statement!("read_device");

#[async_trait]
impl Inventory for PostgresLedger {
    async fn record_devices(
        &self,
        devices: &[Device],
        source: Source,
        complete: Completeness,
        by: &Requester,
    ) -> Result<Discovery, LedgerError> {
        let distinct = distinct(devices);
        let shown: Vec<&str> = distinct.iter().map(|device| device.serial.as_str()).collect();
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let (_, known) = try_join!(
            transaction.rows(&LOCK_HEAD, [text(SYSTEM_CHAIN)]),
            transaction.rows(&READ_KNOWN_DEVICES, [texts(&shown), text(source.as_str())]),
        )?;
        let known: Vec<DeviceRecord> = each(&READ_KNOWN_DEVICES, &known)
            .map(|columns| device_record(&columns))
            .collect::<Result<_, _>>()?;
        let discovery = discovery(&known, devices, source, complete);

        let gone: Vec<&str> = discovery.gone.iter().map(Serial::as_str).collect();
        let entry = [inventory_entry(&discovery, source, by, SystemClock.now())];
        try_join!(
            upsert(&transaction, &distinct),
            transaction.execute(&MARK_GONE, [texts(&gone)]),
            trail::begin_chains(&transaction, &shown),
            trail::append(&transaction, &entry),
        )?;
        transaction.commit().await?;
        Ok(discovery)
    }

    async fn device(&self, serial: &Serial) -> Result<Option<DeviceRecord>, LedgerError> {
        let rows = self.pool.rows(&READ_DEVICE, [text(serial.as_str())]).await?;
        each(&READ_DEVICE, &rows).next().map(|columns| device_record(&columns)).transpose()
    }

    async fn devices(&self) -> Result<Vec<DeviceRecord>, LedgerError> {
        let rows = self.pool.rows(&READ_DEVICES, []).await?;
        each(&READ_DEVICES, &rows).map(|columns| device_record(&columns)).collect()
    }

    async fn set_address(
        &self,
        serial: &Serial,
        address: Option<&str>,
        by: &Requester,
    ) -> Result<DeviceRecord, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let record = locked_device(&transaction, serial).await?;
        let Some(entry) = address_entry(&record, address, by, SystemClock.now()) else { return Ok(record) };
        let entry = [entry];
        try_join!(
            transaction.execute(&SET_ADDRESS, [text(serial.as_str()), text(address)]),
            trail::append(&transaction, &entry),
        )?;
        let record = locked_device(&transaction, serial).await?;
        transaction.commit().await?;
        Ok(record)
    }

    async fn remove_device(&self, serial: &Serial, by: &Requester) -> Result<RemoveAnswer, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let record = locked_device(&transaction, serial).await?;
        // After the lock: whoever queues a job for it has committed, or waits and finds it gone.
        if let Some(Holder { job, state, .. }) = enqueue::read_holder(&transaction, serial).await? {
            return Ok(RemoveAnswer::ActiveJob { job, state });
        }
        if record.gone_at.is_none() {
            let (gone, entry) = ([serial.as_str()], [removed_entry(&record, by, SystemClock.now())]);
            try_join!(
                transaction.execute(&MARK_GONE, [texts(gone.as_slice())]),
                trail::append(&transaction, &entry),
            )?;
            transaction.commit().await?;
        }
        Ok(RemoveAnswer::Removed)
    }
}

/// One device, gone or not, that somebody named; held still until the transaction ends.
///
/// # Errors
/// [`LedgerError::UnknownDevice`], [`LedgerError::NotReachable`], [`LedgerError::Store`].
pub(super) async fn locked_device(
    transaction: &Transaction<'_>,
    serial: &Serial,
) -> Result<DeviceRecord, LedgerError> {
    let rows = transaction.rows(&LOCK_DEVICE, [text(serial.as_str())]).await?;
    let columns = each(&LOCK_DEVICE, &rows).next();
    columns
        .map_or(Err(LedgerError::UnknownDevice { serial: serial.clone() }), |columns| device_record(&columns))
}

async fn upsert(transaction: &Transaction<'_>, devices: &[&Device]) -> Result<(), LedgerError> {
    let serials: Vec<&str> = devices.iter().map(|device| device.serial.as_str()).collect();
    let hostnames: Vec<&str> = devices.iter().map(|device| device.hostname.as_str()).collect();
    let addresses: Vec<Option<&str>> = devices.iter().map(|device| device.address.as_deref()).collect();
    let models: Vec<&str> = devices.iter().map(|device| device.model.as_str()).collect();
    let versions: Vec<&str> = devices.iter().map(|device| device.sw_version.as_str()).collect();
    let states: Vec<Option<&str>> = devices.iter().map(|device| ha_state(device)).collect();
    let peers: Vec<Option<&str>> =
        devices.iter().map(|device| device.ha.peer().map(Serial::as_str)).collect();
    let multi_vsys: Vec<bool> = devices.iter().map(|device| device.multi_vsys).collect();
    let connected: Vec<bool> = devices.iter().map(|device| device.connected).collect();
    let sources: Vec<&str> = devices.iter().map(|device| device.source.as_str()).collect();
    let params = [
        texts(&serials),
        texts(&hostnames),
        texts(&addresses),
        texts(&models),
        texts(&versions),
        texts(&states),
        texts(&peers),
        bools(&multi_vsys),
        bools(&connected),
        texts(&sources),
    ];
    transaction.execute(&UPSERT_DEVICES, params).await?;
    Ok(())
}

/// One device of the inventory.
///
/// # Errors
/// [`LedgerError::Store`] when a column holds what it never should.
pub(super) fn device_record(columns: &Columns<'_>) -> Result<DeviceRecord, LedgerError> {
    let peer: Option<&str> = columns.value("ha_peer")?;
    let ha = match columns.value("ha_state")? {
        None => Ha::Standalone,
        Some(state) => {
            Ha::Member { state, peer: peer.map(|peer| word("devices.ha_peer", peer)).transpose()? }
        }
    };
    Ok(DeviceRecord {
        device: Device {
            serial: word("devices.serial", columns.value("serial")?)?,
            hostname: columns.value("hostname")?,
            address: columns.value("address")?,
            model: columns.value("model")?,
            sw_version: columns.value("sw_version")?,
            ha,
            multi_vsys: columns.value("multi_vsys")?,
            connected: columns.value("connected")?,
            source: source_of(columns.value("source")?)?,
        },
        first_seen_at: columns.value("first_seen_at")?,
        last_seen_at: columns.value("last_seen_at")?,
        gone_at: columns.value("gone_at")?,
        address_override: columns.value("address_override")?,
    })
}
