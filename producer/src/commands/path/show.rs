//! `path show`: the plan for a device or a version, by the code that workers plan with.

use common::domain::device::{Device, Serial};
use common::domain::image::{Presence, SoftwareListing};
use common::domain::path::{self, NoPath, Plan, PlannedImage};
use common::domain::version::Version;
use serde::Serialize;

use crate::cli::GoalArgs;
use crate::context::{Context, known_device};
use crate::exit;
use crate::failure::Failure;
use crate::listing;
use crate::output::{Page, Table, note, size};
use crate::plan::Rules;
use crate::progress::Progress;
use crate::queue;

/// Whether the device is asked for its own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Its list decides, as for a job.
    TheDevice,
    /// The table of trains has to do.
    Nobody,
}

/// A path and its reasons. Names of fields are interface.
#[derive(Serialize)]
struct Shown {
    serial: Option<Serial>,
    current_version: Version,
    target_version: Version,
    /// Whether the device's own list was used.
    asked_device: bool,
    images: Vec<ShownImage>,
    cautions: Vec<String>,
}

#[derive(Serialize)]
struct ShownImage {
    #[serde(flatten)]
    image: PlannedImage,
    /// The rule as a sentence.
    why: &'static str,
}

/// Explains the way from a device of the inventory, or from a version.
pub(crate) async fn run(context: &Context, from: &str, goal: &GoalArgs, ask: Ask) -> anyhow::Result<u8> {
    let rules = queue::rules(context, goal)?;
    // No serial has a dot, every version has.
    if from.contains('.') {
        let current: Version = from.trim().parse().map_err(|error| Failure::usage(format!("{error}")))?;
        return show(context, None, &current, None, &rules);
    }
    let device = known_device(context.ledger().await?.as_ref(), from).await?.device;
    match ask {
        Ask::Nobody => {
            let current = device.version().map_err(|error| {
                Failure::some_not(format!("device {}: {error}", device.label()))
                    .hint("leave --offline out: the device itself knows what it runs")
            })?;
            show(context, Some(&device), &current, None, &rules)
        }
        Ask::TheDevice => {
            let (current, listing) = asked(context, &device).await?;
            show(context, Some(&device), &current, Some(&listing), &rules)
        }
    }
}

/// What the device runs and lists, after it has shown that it is the one.
async fn asked(context: &Context, device: &Device) -> anyhow::Result<(Version, SoftwareListing)> {
    let Some(address) = device.address.as_deref() else {
        return Err(Failure::some_not(format!(
            "device {} has no management address in the inventory",
            device.label()
        ))
        .hint("give one with `panos-upgrade device import`, or plan with --offline")
        .into());
    };
    let client = context.connector()?.firewall(address, &device.serial)?;
    let _progress = Progress::waiting("asking the device for its list");
    let info = client.system_info().await?;
    if info.serial.as_deref() != Some(device.serial.as_str()) {
        let found = info.serial.as_deref().unwrap_or("without a serial");
        return Err(Failure::some_not(format!(
            "{address} answers as device {found}, not as {}",
            device.serial
        ))
        .hint("correct the address in Panorama or in the inventory")
        .into());
    }
    let current =
        info.sw_version.parse().map_err(|error| Failure::some_not(format!("{address}: {error}")))?;
    Ok((current, listing::refreshed(&client).await?))
}

fn show(
    context: &Context,
    device: Option<&Device>,
    current: &Version,
    listing: Option<&SoftwareListing>,
    rules: &Rules,
) -> anyhow::Result<u8> {
    let Some(goal) = rules.wanted.goal_for(current) else {
        return Err(Failure::some_not(format!("the paths file has no path for {current}"))
            .hint("add one, or use --target VERSION")
            .into());
    };
    let plan = path::plan(current, &goal, listing, &rules.policy)
        .map_err(|error| no_path(&error, current, listing))?;
    context.output.print(&Shown::new(device, plan, listing.is_some()), page)?;
    Ok(exit::OK)
}

/// Tells what the device offers, because that is where the way out is.
fn no_path(error: &NoPath, current: &Version, listing: Option<&SoftwareListing>) -> Failure {
    if let Some(listing) = listing {
        note("the device offers:");
        for train in listing.trains() {
            let versions: Vec<_> = listing.of_train(train).map(|image| image.version.to_string()).collect();
            note(&format!("  {train}: {}", versions.join(" ")));
        }
    }
    Failure::some_not(format!("no path from {current}: {error}")).hint(error.remedy())
}

impl Shown {
    fn new(device: Option<&Device>, plan: Plan, asked_device: bool) -> Self {
        let image = |image: PlannedImage| ShownImage { why: image.rule.sentence(), image };
        Self {
            serial: device.map(|device| device.serial.clone()),
            current_version: plan.current,
            target_version: plan.target,
            asked_device,
            images: plan.images.into_iter().map(image).collect(),
            cautions: plan.cautions.iter().map(ToString::to_string).collect(),
        }
    }
}

fn page(shown: &Shown, page: &mut Page) {
    page.line(format!("{} -> {}", shown.current_version, shown.target_version));
    if shown.images.is_empty() {
        page.line("nothing to do: this version runs");
    }
    let mut table = Table::new(["IMAGE", "FILE", "SIZE", "ON THE DEVICE", "WHY"]);
    for ShownImage { image, why } in &shown.images {
        table.row([
            image.version.to_string(),
            image.file_name.as_ref().map(ToString::to_string).unwrap_or_default(),
            image.size_bytes.map(size).unwrap_or_default(),
            presence(image),
            (*why).to_owned(),
        ]);
    }
    page.table(&table);
    for caution in &shown.cautions {
        page.line(format!("caution: {caution}"));
    }
}

fn presence(image: &PlannedImage) -> String {
    match image.presence {
        None => "not asked",
        Some(Presence::Absent) => "no",
        Some(Presence::Downloading) => "downloading",
        Some(Presence::Present) => "yes",
    }
    .to_owned()
}
