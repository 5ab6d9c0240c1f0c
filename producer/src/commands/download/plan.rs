//! `download plan`: what a goal asks of the fleet, before a byte moves.
//!
//! Each device is asked who it is, for its list and for its free space; nothing is changed on it. The decision
//! is that of `queue-all`, only better informed. Leaves to others: the summary (`common::domain::fleet_plan`).

use common::domain::device::Device;
use common::domain::fleet_plan::{DevicePlan, DeviceResult, Space, summarise};
use common::domain::job::PairMode;
use common::domain::path::Plan;
use common::domain::version::Version;
use panos::Client;
use worker::device::Connector;

use super::plan_report::{Asked, PlanReport};
use crate::ask::{self, List, LoginGate, NotSeen};
use crate::cli::PlanArgs;
use crate::commands::device::chosen;
use crate::context::Context;
use crate::exit;
use crate::output::note;
use crate::plan::{self, NO_ADDRESS, NotPlanned, Planned, RUNS_TARGET, Rules, Seen, VERSION_UNREADABLE};
use crate::queue;

/// Plans every selected device and sums up.
pub(crate) async fn run(context: &Context, args: &PlanArgs) -> anyhow::Result<u8> {
    let rules = queue::rules(context, &args.goal, PairMode::InTurn)?;
    let devices = chosen(context, &args.select).await?;
    let report = if args.offline {
        let plans: Vec<DevicePlan> = devices.iter().map(|device| offline(device, &rules)).collect();
        PlanReport::new(Asked::Nobody, None, summarise(&plans))
    } else {
        let connector = context.connector()?;
        connector.check_firewall_login()?;
        let list = if args.refresh { List::Checked } else { List::Remembered };
        let gate = ask::gate(&context.config);
        let asker = Asker { connector: &connector, gate: &gate, list, rules: &rules, context };
        let plans = ask::all(devices, |device| asker.plan(device)).await;
        if let Some(refused) = gate.stopped() {
            note(&format!(
                "note: {refused} log-ins in a row were refused, so the other devices were not asked; check user and password or the API key"
            ));
        }
        PlanReport::new(Asked::Devices, gate.stopped(), summarise(&plans))
    };
    context.output.print(&report, PlanReport::page)?;
    Ok(if report.is_good() { exit::OK } else { exit::SOME_NOT })
}

/// What the inventory alone tells.
fn offline(device: &Device, rules: &Rules) -> DevicePlan {
    let result = match plan::decide(device.clone(), None, rules) {
        Ok(Planned { plan, .. }) => DeviceResult::ToDo { plan, space: None },
        Err(not) => not_planned(*not),
    };
    planned(device, device.sw_version.clone(), result)
}

/// How devices are asked.
struct Asker<'a> {
    connector: &'a Connector,
    gate: &'a LoginGate,
    list: List,
    rules: &'a Rules,
    context: &'a Context,
}

impl Asker<'_> {
    async fn plan(&self, device: Device) -> DevicePlan {
        match self.ask(&device).await {
            Ok((current, result)) => planned(&device, current.to_string(), result),
            Err(not) => planned(&device, device.sw_version.clone(), not_seen(&not)),
        }
    }

    async fn ask(&self, device: &Device) -> Result<(Version, DeviceResult), NotSeen> {
        let met = ask::meet(self.connector, device, self.gate).await?;
        let current = met.runs()?;
        let mut seen = Seen { current, listing: ask::listing(&met.client, self.list).await? };
        let mut decided = plan::decide(device.clone(), Some(&seen), self.rules);
        if self.list == List::Remembered && decided.as_ref().is_err_and(|not| is_not_listed(not)) {
            // The list may be older than the image; only a check with the update server tells.
            seen.listing = ask::listing(&met.client, List::Checked).await?;
            decided = plan::decide(device.clone(), Some(&seen), self.rules);
        }
        let result = match decided {
            Ok(Planned { plan, .. }) if plan.is_staged() => DeviceResult::Staged(plan),
            Ok(Planned { plan, .. }) => {
                let space = self.space(&met.client, &plan).await?;
                DeviceResult::ToDo { plan, space }
            }
            Err(not) => not_planned(*not),
        };
        Ok((current, result))
    }

    /// The room for the missing images; `None` when the device names no volume that could hold them.
    async fn space(&self, client: &Client, plan: &Plan) -> Result<Option<Space>, NotSeen> {
        let disk = client.disk_space().await?;
        Ok(disk.image_mount().map(|mount| Space {
            mount: mount.path.clone(),
            budget: plan.budget(mount.available_bytes, &self.context.config.disk.rule()),
        }))
    }
}

/// A device with what became of planning it.
fn planned(device: &Device, current: String, result: DeviceResult) -> DevicePlan {
    let Device { serial, hostname, model, .. } = device.clone();
    DevicePlan { serial, hostname, model, current, result }
}

/// Whether an image is missing from the device's list.
fn is_not_listed(not: &NotPlanned) -> bool {
    not.reason.ends_with("_not_listed")
}

fn not_planned(NotPlanned { reason, message, remedy, .. }: NotPlanned) -> DeviceResult {
    match reason {
        RUNS_TARGET => DeviceResult::RunsTarget,
        NO_ADDRESS | VERSION_UNREADABLE => DeviceResult::NotAsked { code: reason, message, remedy },
        code => DeviceResult::Impossible { code, message, remedy },
    }
}

fn not_seen(not: &NotSeen) -> DeviceResult {
    DeviceResult::NotAsked { code: not.code(), message: not.message(), remedy: not.remedy() }
}
