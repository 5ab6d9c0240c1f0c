//! How one worker carries a fleet: beside its longest single device, and as fast as devices without downloads go.
//!
//! Real programs with the settings as they are delivered, but for the login and, with more devices than it has slots, the
//! worker's concurrency. The clock is the ledger's: from the start of the worker's process to the end of the last job.

use std::time::Duration;

use anyhow::Context;
use common::domain::job::JobState;
use common::ledger::JobView;
use e2e::world::{LONG, Setup, Way, World};
use jiff::Timestamp;
use serde_json::json;

use crate::findings::{Taken, Target, Use};
use crate::hosts::Hosts;
use crate::meter::Meter;
use crate::output;

/// Between two looks at how many jobs have ended.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The concurrency as delivered.
const SLOTS: u64 = 1_000;

/// A fleet to carry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fleet {
    /// Firewalls, each with a job.
    pub(crate) devices: u64,
    /// What each image takes to download, as the simulator reads it.
    pub(crate) download_time: &'static str,
    /// From which it follows.
    pub(crate) seed: u64,
}

/// How it went.
struct Drained {
    wall: Duration,
    longest: Duration,
}

/// How `panos-upgrade work` ends when it is told to.
const INTERRUPTED: i32 = 130;

/// How `drain-1k` and `drain-10k` are measured.
pub(crate) const ABOUT_DRAIN: &str = "One worker takes every device of the fleet at once; each job brings the images of \
its path. Measured from the start of the worker's process to the end of the last job, beside the longest single job of the \
same run, by the ledger's clock. The longest job is itself slowed by the others, on a machine that also simulates all \
firewalls: what it would take alone is the downloads' own time.";

/// How `ceiling` is measured.
pub(crate) const ABOUT_CEILING: &str = "Downloads that take no time, so that only our own work is left: claims, calls, \
steps, hashes, events. Devices per second from the start of the worker's process to the end of the last job. The firewalls \
are simulated on the same processors, with a TLS handshake for each; what they take is told beside it.";

/// Wall beside the longest device, for each way to run.
pub(crate) async fn drain(
    hosts: &Hosts,
    fleet: Fleet,
    ways: &[Way],
    at_most: impl Fn(Way) -> f64,
    memory_mib: Option<f64>,
) -> anyhow::Result<Taken> {
    let mut taken = Taken::default();
    for way in ways {
        let name = name(*way);
        let (drained, worker) = carry(hosts, fleet, *way, &mut taken).await?;
        let (wall, longest) = (drained.wall.as_secs_f64(), drained.longest.as_secs_f64());
        let what = format!("{name}: whole drain ÷ longest device");
        taken.aimed(what, "×", wall / longest, Target::AtMost(at_most(*way)));
        taken.figure(format!("{name}: whole drain"), "s", wall);
        taken.figure(format!("{name}: longest device"), "s", longest);
        let what = format!("{name}: worker's memory at most");
        match memory_mib {
            Some(most) => taken.aimed(what, "MiB", worker.peak_mib, Target::AtMost(most)),
            None => taken.figure(what, "MiB", worker.peak_mib),
        }
    }
    Ok(taken)
}

/// Devices per second, and what one costs.
pub(crate) async fn ceiling(
    hosts: &Hosts,
    fleet: Fleet,
    ways: &[Way],
    at_least: impl Fn(Way) -> f64,
) -> anyhow::Result<Taken> {
    let mut taken = Taken::default();
    for way in ways {
        let name = name(*way);
        let (drained, worker) = carry(hosts, fleet, *way, &mut taken).await?;
        let devices = f64::from(u32::try_from(fleet.devices)?);
        let rate = devices / drained.wall.as_secs_f64();
        taken.aimed(format!("{name}: devices per second"), "/s", rate, Target::AtLeast(at_least(*way)));
        let cost_ms = worker.processor_s * 1_000.0 / devices;
        taken.aimed(
            format!("{name}: worker's processor time per device"),
            "ms",
            cost_ms,
            Target::AtMost(2.0),
        );
    }
    Ok(taken)
}

/// A way to run, as the figures call it.
pub(crate) fn name(way: Way) -> &'static str {
    match way {
        Way::Embedded => "embedded",
        Way::Fleet => "fleet",
    }
}

/// Queues a job per device, and lets one worker do them all.
async fn carry(hosts: &Hosts, fleet: Fleet, way: Way, taken: &mut Taken) -> anyhow::Result<(Drained, Use)> {
    output::progress(&format!("  {}: {} devices", name(way), fleet.devices));
    let world = hosts.world(way, setup(fleet)).await?;
    world.discover().await;
    world.queue_all().await;

    let simulator = Meter::begin(world.simulator.id())?;
    let servers = hosts.meters(way).await?;
    let began_at = Timestamp::now();
    let worker = world.start_worker();
    let meter = Meter::begin(worker.id())?;
    until_all_ended(&world).await?;
    let used = meter.used(format!("{}: worker", name(way)))?;
    taken.used(used.clone());
    taken.used(simulator.used(format!("{}: simulated firewalls", name(way)))?);
    if let Some(servers) = servers {
        servers.tell(name(way), taken)?;
    }
    let drained = drained(&world, began_at, fleet.devices).await?;
    let code = worker.terminated().await;
    anyhow::ensure!(matches!(code, 0 | INTERRUPTED), "the worker ended with {code}");
    Ok((drained, used))
}

/// Looks once a second, because looking costs the ledger time.
async fn until_all_ended(world: &World) -> anyhow::Result<()> {
    let ledger = &world.engine().await.ledger;
    let all_ended = async {
        loop {
            let counts = ledger.counts(None).await?;
            let is_active = |state: &JobState| !state.is_terminal();
            if !counts.by_state.iter().any(|(state, n)| is_active(state) && *n > 0) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(LONG, all_ended).await.context("not every job has ended in time")?
}

fn setup(fleet: Fleet) -> Setup {
    let mut setup = Setup::devices(fleet.devices).download_time(fleet.download_time).all_at_once();
    setup.fleet.seed = fleet.seed;
    setup.settings.clear();
    if fleet.devices > SLOTS {
        setup.settings.insert("worker.concurrency", json!(fleet.devices));
    }
    setup
}

async fn drained(world: &World, began_at: Timestamp, devices: u64) -> anyhow::Result<Drained> {
    let jobs = world.jobs().await;
    let completed = jobs.iter().filter(|job| job.state == JobState::Completed).count();
    anyhow::ensure!(
        u64::try_from(completed)? == devices && jobs.len() == completed,
        "{completed} of {} jobs on {devices} devices were completed",
        jobs.len()
    );
    let of_job = |job: &JobView| length(job.started_at?, job.ended_at?);
    let longest = jobs.iter().filter_map(of_job).max().context("no job")?;
    let last = jobs.iter().filter_map(|job| job.ended_at).max().context("no job has ended")?;
    let wall =
        length(began_at, last).context("the last job ended before the worker began: the clocks differ")?;
    Ok(Drained { wall, longest })
}

fn length(from: Timestamp, to: Timestamp) -> Option<Duration> {
    Duration::try_from(to.duration_since(from)).ok()
}
