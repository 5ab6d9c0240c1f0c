//! `device cleanup`: which old images a device can do without, and deleting them.
//!
//! Promises: without `--apply` nothing is changed; a box is believed only after its serial was compared; what a job
//! of the device or a goal needs is never proposed. Leaves to others: the rules of what can go
//! (`common::domain::cleanup`), deleting ([`apply`]).

mod apply;
mod report;

use std::collections::BTreeSet;

use common::domain::cleanup::{self, CleanupPlan};
use common::domain::device::Device;
use common::domain::image::SoftwareListing;
use common::domain::job::{JobState, PairMode};
use common::domain::path::{self, Goal};
use common::domain::version::Version;
use common::ledger::{JobFilter, JobView, Ledger};
use panos::{Client, DiskSpace};

use self::report::{Cleanup, Free};
use crate::ask::{self, List, Listed};
use crate::cli::{CleanupArgs, GoalArgs};
use crate::context::{Context, known_device};
use crate::exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::queue;
use crate::requester::because;

/// Shows what could go, or deletes it.
pub(crate) async fn run(context: &Context, args: &CleanupArgs) -> anyhow::Result<u8> {
    let by = match (args.apply, &args.reason) {
        (true, reason) => Some(because(reason.as_deref().unwrap_or_default())?),
        (false, _) => None,
    };
    let ledger = context.ledger().await?;
    let device = known_device(ledger.as_ref(), &args.serial).await?.device;
    if by.is_some() {
        refuse_active(ledger.as_ref(), &device).await?;
    }
    let goals = goals(context, ledger.as_ref(), &device, args).await?;

    let connector = context.connector()?;
    let progress = Progress::waiting("asking the device for its images");
    let met = ask::meet(&connector, &device, &ask::gate(&context.config)).await?;
    let running = met.runs()?;
    let listing = listing(&met.client, &running).await?;
    let needed = Needed { running, versions: needed(context, &running, &listing, goals) };
    let plan = needed.propose(&listing)?;
    let free = free(&met.client.disk_space().await?);
    drop(progress);

    let mut cleanup = Cleanup::new(&device, &running, free, plan);
    if let Some(by) = by {
        let applying = apply::Apply { ledger: ledger.as_ref(), client: &met.client, device: &device, by };
        cleanup.applied = Some(applying.run(&needed, cleanup.plan.clone()).await?);
    }
    context.output.print(&cleanup, Cleanup::page)?;
    Ok(if cleanup.is_good() { exit::OK } else { exit::SOME_NOT })
}

/// What has to stay, whatever the device's list says at the moment.
struct Needed {
    running: Version,
    versions: BTreeSet<Version>,
}

impl Needed {
    fn propose(&self, listing: &SoftwareListing) -> Result<CleanupPlan, Failure> {
        cleanup::propose(&self.running, listing, &self.versions).map_err(|error| {
            Failure::some_not(format!("nothing is proposed: {error}"))
                .hint("look at the images in the web interface of the device")
        })
    }
}

/// The list as the device remembers it. Before its first check a device may list nothing at all, or an old list
/// in which what runs does not stand yet (the vendor's list is what the last check brought): such a one checks.
async fn listing(client: &Client, running: &Version) -> anyhow::Result<SoftwareListing> {
    let remembered = ask::listing(client, List::Remembered).await?.listing;
    if remembered.find(running).is_some() {
        return Ok(remembered);
    }
    let Listed { listing, not_checked } = ask::listing(client, List::Checked).await?;
    match not_checked {
        Some(refused) if listing.find(running).is_none() => Err(refused.into()),
        Some(_) | None => Ok(listing),
    }
}

fn free(disk: &DiskSpace) -> Option<Free> {
    let mount = disk.image_mount()?;
    Some(Free { mount: mount.path.clone(), available_bytes: mount.available_bytes })
}

/// What the device is to be brought to: goals, and the versions that jobs have planned already.
#[derive(Default)]
struct Goals {
    goals: Vec<Goal>,
    versions: BTreeSet<Version>,
}

async fn goals(
    context: &Context,
    ledger: &dyn Ledger,
    device: &Device,
    args: &CleanupArgs,
) -> anyhow::Result<Goals> {
    let mut goals = Goals::default();
    let completed = JobFilter {
        serial: Some(device.serial.clone()),
        states: vec![JobState::Completed],
        ..JobFilter::default()
    };
    let completed = ledger.jobs(&completed, 1).await?.pop();
    for job in active(ledger, device).await?.into_iter().chain(completed) {
        goals.versions.extend(ledger.images(job.id).await?.iter().map(|image| image.version));
        goals.goals.push(job.goal);
    }
    if let Some(text) = &args.target {
        let target = text.parse().map_err(|error| Failure::usage(format!("--target: {error}")))?;
        goals.goals.push(Goal::Target(target));
    }
    // The goal for good, where there is one that fits what the device ran last.
    let plan = &context.config.plan;
    if plan.target.is_some() || plan.paths_file.is_some() {
        let wanted = queue::rules(context, &GoalArgs { target: None, paths: None }, PairMode::InTurn)?.wanted;
        goals.goals.extend(device.version().ok().and_then(|current| wanted.goal_for(&current)));
    }
    Ok(goals)
}

/// Every version on the way to the goals, as far as there is one from what runs.
fn needed(
    context: &Context,
    running: &Version,
    listing: &SoftwareListing,
    goals: Goals,
) -> BTreeSet<Version> {
    let Goals { goals, mut versions } = goals;
    for goal in goals {
        match &goal {
            Goal::Target(target) => versions.extend([*target]),
            Goal::Explicit(explicit) => versions.extend(explicit),
        }
        // Without a path from here the images of the goal itself are all that is known of it.
        if let Ok(plan) = path::plan(running, &goal, Some(listing), &context.config.plan.policy()) {
            versions.extend(plan.images.iter().map(|image| image.version));
        }
    }
    versions
}

/// The job that holds the device.
async fn active(ledger: &dyn Ledger, device: &Device) -> anyhow::Result<Option<JobView>> {
    let states = JobState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let filter = JobFilter { states, serial: Some(device.serial.clone()), ..JobFilter::default() };
    Ok(ledger.jobs(&filter, 1).await?.pop())
}

async fn refuse_active(ledger: &dyn Ledger, device: &Device) -> anyhow::Result<()> {
    match active(ledger, device).await? {
        None => Ok(()),
        Some(JobView { id, state, .. }) => {
            let text = format!("nothing was deleted: job {id} of {} is {state}", device.label());
            let hint = format!("wait for it, or `panos-upgrade job cancel {id} --reason TEXT`");
            Err(Failure::some_not(text).hint(hint).into())
        }
    }
}
