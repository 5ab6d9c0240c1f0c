//! `download plan`: what a goal asks of the fleet, before a byte moves.
//!
//! Each device is asked who it is, for its list and for its free space; nothing is changed on it. The decision
//! is that of `queue-all`, only better informed. Leaves to others: the summary (`common::domain::fleet_plan`).

use common::domain::device::Device;
use common::domain::fleet_plan::{DevicePlan, DeviceResult, Space, summarise};
use common::domain::job::PairMode;
use common::domain::path::Plan;
use common::domain::version::Version;
use common::intake::plan::{
    self, NO_ADDRESS, NotPlanned, Planned, RUNS_TARGET, Rules, Seen, VERSION_UNREADABLE,
};
use common::report::Chain;
use panos::{Client, PanosError};
use worker::device::Connector;

use super::plan_report::{Asked, PlanReport};
use crate::ask::{self, List, Listed, LoginGate, NotSeen};
use crate::cli::PlanArgs;
use crate::commands::device::chosen;
use crate::context::Context;
use crate::exit;
use crate::failure;
use crate::output::note;
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
        let Listed { listing, mut not_checked } = ask::listing(&met.client, self.list).await?;
        let mut seen = Seen { current, listing };
        let mut decided = plan::decide(device.clone(), Some(&seen), self.rules);
        if self.list == List::Remembered && decided.as_ref().is_err_and(|not| is_not_listed(not)) {
            // The list may be older than the image; only a check with the update server tells.
            let checked = ask::listing(&met.client, List::Checked).await?;
            (seen.listing, not_checked) = (checked.listing, checked.not_checked);
            decided = plan::decide(device.clone(), Some(&seen), self.rules);
        }
        let result = match decided {
            Ok(Planned { plan, .. }) if plan.is_staged() => DeviceResult::Staged(plan),
            Ok(Planned { plan, .. }) => {
                let space = self.space(&met.client, &plan).await?;
                DeviceResult::ToDo { plan, space }
            }
            Err(not) if is_not_listed(&not) => not_listed(*not, not_checked.as_ref()),
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

/// An image that the list lacks. Where the device could not check with its update server, that is what to mend: its
/// list says nothing about what there is.
fn not_listed(not: NotPlanned, not_checked: Option<&PanosError>) -> DeviceResult {
    let Some((error, refusal)) = not_checked.and_then(|error| Some((error, error.refusal()?))) else {
        return not_planned(not);
    };
    DeviceResult::Impossible {
        code: refusal.word(),
        message: format!("{}, and it could not check: {}", not.message, Chain(error)),
        remedy: failure::of_panos(error).1.unwrap_or_default().to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use panos::Refusal;

    use super::*;
    use crate::fixtures::member;

    #[test]
    fn a_list_that_could_not_be_renewed_is_not_blamed_on_the_goal() {
        let not = || NotPlanned {
            device: member("0001", "active", None),
            reason: "target_not_listed",
            message: "target 12.1.4 is not in the device's software list".to_owned(),
            remedy: "choose a listed version".to_owned(),
        };
        let DeviceResult::Impossible { code, .. } = not_listed(not(), None) else { panic!("no reason") };
        assert_eq!(code, "target_not_listed");

        let refused = PanosError::Refused {
            host: "192.0.2.1".to_owned(),
            command: "request system software check",
            refusal: Refusal::Entitlement,
            message: "Device not found on this update server".to_owned(),
        };
        let DeviceResult::Impossible { code, message, remedy } = not_listed(not(), Some(&refused)) else {
            panic!("no reason")
        };
        assert_eq!(code, "entitlement");
        assert!(message.contains("12.1.4") && message.contains("Device not found"), "{message}");
        assert!(remedy.contains("support contract"), "{remedy}");
    }
}
