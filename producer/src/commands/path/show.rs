//! `path show`: the plan for a device or a version, by the code that workers plan with.

use common::domain::device::{Device, Serial};
use common::domain::image::{Presence, SoftwareListing};
use common::domain::job::PairMode;
use common::domain::path::{self, Budget, NoPath, Plan, PlannedImage};
use common::domain::version::Version;
use common::intake::plan::Rules;
use common::report::Chain;
use panos::PanosError;
use serde::Serialize;

use crate::ask::{self, List, Listed};
use crate::cli::GoalArgs;
use crate::context::{Context, known_device};
use crate::exit;
use crate::failure::{self, Failure};
use crate::output::{Page, Table, note, size};
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
    /// Whether the missing images fit; `null` when the device was not asked, or does not say.
    space: Option<Room>,
}

#[derive(Serialize)]
struct Room {
    mount: String,
    #[serde(flatten)]
    budget: Budget,
    fits: bool,
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
    let rules = queue::rules(context, goal, PairMode::InTurn)?;
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
            let asked = asked(context, &device).await?;
            show(context, Some(&device), &asked.current, Some(&asked), &rules)
        }
    }
}

/// What the device says of itself.
struct Asked {
    current: Version,
    listing: SoftwareListing,
    /// Why it did not check with its update server.
    not_checked: Option<PanosError>,
    /// The volume that holds its images and what is free there, where it says so.
    free: Option<(String, u64)>,
}

async fn asked(context: &Context, device: &Device) -> anyhow::Result<Asked> {
    let connector = context.connector()?;
    let _progress = Progress::waiting("asking the device for its list");
    let met = ask::meet(&connector, device, &ask::gate(&context.config)).await?;
    let current = met.runs()?;
    let Listed { listing, not_checked } = ask::listing(&met.client, List::Checked).await?;
    if let Some(refused) = &not_checked {
        note(&format!(
            "note: the device did not check with its update server, so its list may be old: {}",
            Chain(refused)
        ));
    }
    let disk = met.client.disk_space().await?;
    let free = disk.image_mount().map(|mount| (mount.path.clone(), mount.available_bytes));
    Ok(Asked { current, listing, not_checked, free })
}

fn show(
    context: &Context,
    device: Option<&Device>,
    current: &Version,
    asked: Option<&Asked>,
    rules: &Rules,
) -> anyhow::Result<u8> {
    let listing = asked.map(|asked| &asked.listing);
    let Some(goal) = rules.wanted.goal_for(current) else {
        return Err(Failure::some_not(format!("the paths file has no path for {current}"))
            .hint("add one, or use --target VERSION")
            .into());
    };
    let plan = path::plan(current, &goal, listing, &rules.policy)
        .map_err(|error| no_path(&error, current, asked))?;
    let room = asked.and_then(|asked| asked.free.as_ref()).map(|(mount, available_bytes)| {
        let budget = plan.budget(*available_bytes, &context.config.disk.rule());
        Room { mount: mount.clone(), fits: budget.fits(), budget }
    });
    context.output.print(&Shown::new(device, plan, listing.is_some(), room), page)?;
    Ok(exit::OK)
}

/// Tells what the device offers, because that is where the way out is.
fn no_path(error: &NoPath, current: &Version, asked: Option<&Asked>) -> Failure {
    if let Some(Asked { listing, .. }) = asked {
        let trains = listing.trains();
        note(if trains.is_empty() { "the device lists no image" } else { "the device offers:" });
        for train in trains {
            let versions: Vec<_> = listing.of_train(train).map(|image| image.version.to_string()).collect();
            note(&format!("  {train}: {}", versions.join(" ")));
        }
    }
    // A list that could not be renewed says nothing about what there is.
    let not_checked = asked.and_then(|asked| asked.not_checked.as_ref());
    let hint = not_checked
        .filter(|_| error.code().ends_with("_not_listed"))
        .and_then(|refused| failure::of_panos(refused).1)
        .unwrap_or_else(|| error.remedy());
    Failure::some_not(format!("no path from {current}: {error}")).hint(hint)
}

impl Shown {
    fn new(device: Option<&Device>, plan: Plan, asked_device: bool, space: Option<Room>) -> Self {
        let image = |image: PlannedImage| ShownImage { why: image.rule.sentence(), image };
        Self {
            serial: device.map(|device| device.serial.clone()),
            current_version: plan.current,
            target_version: plan.target,
            asked_device,
            images: plan.images.into_iter().map(image).collect(),
            cautions: plan.cautions.iter().map(ToString::to_string).collect(),
            space,
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
    if let Some(Room { mount, budget, fits }) = &shown.space {
        let needed = size(budget.needed_bytes);
        let so = if *fits { "fits" } else { "does NOT fit; see `panos-upgrade device cleanup SERIAL`" };
        page.line(format!(
            "{needed} needed on {mount} with the margin, {} free: {so}",
            size(budget.available_bytes)
        ));
    }
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
