//! One device: its port and certificate, who it is, its room, its way to the update server.

use common::ledger::Ledger;

use super::finding::Finding;
use super::network::{self, Target};
use super::tls::Prelude;
use crate::ask::{self, List};
use crate::context::{self, Context};
use crate::output::amount;

const AREA: &str = "device";

/// Less free room than this takes no base image: the largest have 1.5 GB.
const LITTLE: u64 = 3 << 29;

/// Examines the device with this serial, when one was named.
pub(super) async fn examine(context: &Context, ledger: &dyn Ledger, serial: Option<&str>) -> Vec<Finding> {
    let Some(serial) = serial else { return Vec::new() };
    let device = match context::known_device(ledger, serial).await {
        Ok(record) => record.device,
        Err(error) => return vec![Finding::of_error(AREA, "inventory", error.as_ref())],
    };
    let Some(address) = device.address.clone() else {
        let remedy = "`panos-upgrade device address SERIAL ADDRESS --reason TEXT`";
        return vec![Finding::fail(AREA, "inventory", "it has no address", remedy)];
    };
    let trust = network::of_boxes(&context.config, &[serial, &address]);
    let target = Target {
        area: AREA,
        host: address,
        port: context.config.firewall.port,
        tls: Some((Prelude::None, trust)),
    };
    let mut findings = network::reach(&target).await;
    let connector = match context.connector() {
        Ok(connector) => connector,
        Err(error) => {
            findings.push(Finding::of_error(AREA, "identity", error.as_ref()));
            return findings;
        }
    };
    let met = match ask::meet(&connector, &device, &ask::gate(&context.config)).await {
        Ok(met) => met,
        Err(error) => {
            findings.push(Finding::of_error(AREA, "identity", &error));
            return findings;
        }
    };
    let found = format!("{}, {} with {}", met.info.hostname, met.info.model, met.info.sw_version);
    findings.push(Finding::ok(AREA, "identity", found));
    findings.push(match met.client.disk_space().await {
        Ok(disk) => room(disk.image_mount().map(|mount| (mount.path.clone(), mount.available_bytes))),
        Err(error) => Finding::of_error(AREA, "disk", &error),
    });
    findings.push(match ask::listing(&met.client, List::Checked).await {
        Ok(listed) => match listed.not_checked {
            None => Finding::ok(AREA, "update server", "answered the device"),
            Some(refused) => Finding::of_error(AREA, "update server", &refused),
        },
        Err(error) => Finding::of_error(AREA, "update server", &error),
    });
    findings
}

fn room(mount: Option<(String, u64)>) -> Finding {
    const CHECK: &str = "disk";
    match mount {
        Some((path, free)) if free < LITTLE => {
            let remedy = "`panos-upgrade device cleanup` removes images that nothing needs";
            Finding::warn(AREA, CHECK, format!("{} free on {path}", amount(free)), Some(remedy))
        }
        Some((path, free)) => Finding::ok(AREA, CHECK, format!("{} free on {path}", amount(free))),
        None => Finding::warn(AREA, CHECK, "it does not say what is free", None),
    }
}
