//! What may happen next.

use super::relay::Relay;
use super::work::Worker;
use super::world::{Scope, World};
use crate::ledger::{DeviceNo, Ending, JobNo, JobState};

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A person gives the next command.
    Enqueue,
    /// A relay takes the free rows.
    Take {
        /** Which. */
        relay: u8,
    },
    /// It publishes them; the broker has them.
    Publish {
        /** Which. */
        relay: u8,
    },
    /// It writes down what the broker said.
    Settle {
        /** Which. */
        relay: u8,
    },
    /// The broker refuses what it publishes.
    Refuse {
        /** Which. */
        relay: u8,
    },
    /// Rows that were refused have rested.
    RestEnds,
    /// It never hears what the broker said.
    LoseConfirms {
        /** Which. */
        relay: u8,
    },
    /// SIGKILL, and another one in its place.
    KillRelay {
        /** Which. */
        relay: u8,
    },
    /// The hold on its rows runs out.
    HoldLapses {
        /** Which. */
        relay: u8,
    },
    /// The broker hands a wake-up over: any that waits, so order means nothing.
    Deliver {
        /** To whom. */
        worker: u8,
        /** Of which job. */
        job: JobNo,
    },
    /// The broker hands a wake-up over once more.
    Duplicate {
        /** Of which job. */
        job: JobNo,
    },
    /// The broker gives a wake-up up, as one that was delivered too often; it is collected as a dead letter.
    Bury {
        /** Of which job. */
        job: JobNo,
    },
    /// The broker's data directory is gone.
    LoseDisk,
    /// The worker claims the job of its delivery.
    Claim {
        /** Which. */
        worker: u8,
    },
    /// It acks.
    Ack {
        /** Which. */
        worker: u8,
    },
    /// It does the next step of its attempt.
    Step {
        /** Which. */
        worker: u8,
    },
    /// It renews, and learns what the ledger wants of it.
    Beat {
        /** Which. */
        worker: u8,
    },
    /// It ends its attempt because the device, or a shutdown, makes it.
    End {
        /** Which. */
        worker: u8,
        /** How. */
        ending: Ending,
    },
    /// It drops an attempt whose deadline has passed.
    LetGo {
        /** Which. */
        worker: u8,
    },
    /// SIGKILL, and another one in its place.
    Kill {
        /** Which. */
        worker: u8,
    },
    /// The device has brought the image.
    Finish {
        /** Which. */
        device: DeviceNo,
    },
    /// The worker's own deadline passes without a renewal.
    MissDeadline {
        /** Which. */
        worker: u8,
    },
    /// The lease runs out by the ledger's clock.
    ExpireLease {
        /** Of which job. */
        job: JobNo,
    },
    /// The time of a scheduled job comes; whoever looks makes it available.
    ComeDue {
        /** Which. */
        job: JobNo,
    },
    /// The rescuer brings back a job whose lease ran out.
    RescueExpired {
        /** Which. */
        job: JobNo,
    },
    /// The rescuer wakes a job that was dispatched and never claimed.
    WakeUnclaimed {
        /** Which. */
        job: JobNo,
    },
    /// The end of a hold, or the rescuer after it, wakes a job that was refused.
    WakeHeldUp {
        /** Which. */
        job: JobNo,
    },
    /// A person wants the job to stop.
    Cancel {
        /** Which. */
        job: JobNo,
    },
    /// A person holds the fleet.
    Pause,
    /// A person lets it go on.
    Resume,
}

impl Action {
    /// What it takes of the misfortunes that this world has to bear.
    #[must_use]
    pub fn costs(self, world: &World) -> u8 {
        match self {
            Self::Refuse { .. }
            | Self::LoseConfirms { .. }
            | Self::KillRelay { .. }
            | Self::Duplicate { .. }
            | Self::Bury { .. }
            | Self::LoseDisk
            | Self::End { .. }
            | Self::Kill { .. }
            | Self::MissDeadline { .. }
            | Self::Cancel { .. }
            | Self::Pause => 1,
            // The hold of a relay that is gone runs out in time; that of one that lives should not.
            Self::HoldLapses { relay } => u8::from(!world.relays[usize::from(relay)].rows.is_empty()),
            // Long after the dispatch, so that it is a nuisance while the wake-up is still there.
            Self::WakeUnclaimed { job } => u8::from(world.has_wake_up(job)),
            Self::Enqueue
            | Self::Take { .. }
            | Self::Publish { .. }
            | Self::Settle { .. }
            | Self::RestEnds
            | Self::Deliver { .. }
            | Self::Claim { .. }
            | Self::Ack { .. }
            | Self::Step { .. }
            | Self::Beat { .. }
            | Self::LetGo { .. }
            | Self::Finish { .. }
            | Self::ExpireLease { .. }
            | Self::ComeDue { .. }
            | Self::RescueExpired { .. }
            | Self::WakeHeldUp { .. }
            | Self::Resume => 0,
        }
    }
}

/// What may happen, as far as a glance tells; [`super::after`] knows for sure.
pub fn enabled(scope: &Scope, world: &World, actions: &mut Vec<Action>) {
    if usize::from(world.n_commands) < scope.commands.len() {
        actions.push(Action::Enqueue);
    }
    for (relay, round) in (0..).zip(&world.relays) {
        of_relay(relay, round, actions);
    }
    for (worker, slot) in (0..).zip(&world.workers) {
        of_worker(world, worker, *slot, actions);
    }
    for (device, firewall) in (0..).zip(&world.devices) {
        if firewall.image == super::Image::Coming {
            actions.push(Action::Finish { device });
        }
    }
    if !world.queue.is_empty() {
        actions.push(Action::LoseDisk);
        actions.extend(distinct(&world.queue).map(|job| Action::Bury { job }));
    }
    for (job, row) in world.ledger.numbered() {
        let of_state: &[Action] = match row.state {
            JobState::Scheduled => &[Action::ComeDue { job }, Action::Cancel { job }],
            JobState::Available => {
                &[Action::WakeUnclaimed { job }, Action::WakeHeldUp { job }, Action::Cancel { job }]
            }
            JobState::Running if row.cancel => &[Action::ExpireLease { job }, Action::RescueExpired { job }],
            JobState::Running => {
                &[Action::ExpireLease { job }, Action::RescueExpired { job }, Action::Cancel { job }]
            }
            JobState::Completed | JobState::Failed | JobState::Cancelled | JobState::Skipped => &[],
        };
        actions.extend(of_state);
        actions.push(Action::Duplicate { job });
    }
    if world.ledger.outbox.iter().any(|row| row.by == 0 && row.held) {
        actions.push(Action::RestEnds);
    }
    actions.push(if world.ledger.held { Action::Resume } else { Action::Pause });
    actions.retain(|action| action.costs(world) <= world.misfortunes);
}

/// Each job of a sorted queue once.
fn distinct(queue: &[JobNo]) -> impl Iterator<Item = JobNo> + '_ {
    queue.chunk_by(PartialEq::eq).map(|same| same[0])
}

fn of_relay(relay: u8, round: &Relay, actions: &mut Vec<Action>) {
    actions.push(Action::HoldLapses { relay });
    if round.rows.is_empty() {
        actions.push(Action::Take { relay });
        return;
    }
    if !round.published && !round.confirms_lost {
        actions.extend([Action::Publish { relay }, Action::Refuse { relay }]);
    }
    if round.published || round.confirms_lost {
        actions.push(Action::Settle { relay });
    }
    if !round.confirms_lost {
        actions.push(Action::LoseConfirms { relay });
    }
    actions.push(Action::KillRelay { relay });
}

fn of_worker(world: &World, worker: u8, slot: Worker, actions: &mut Vec<Action>) {
    match slot {
        Worker::Idle => {
            actions.extend(distinct(&world.queue).map(|job| Action::Deliver { worker, job }));
        }
        Worker::InHand { .. } => actions.extend([Action::Claim { worker }, Action::Kill { worker }]),
        Worker::Refused { .. } => actions.extend([Action::Ack { worker }, Action::Kill { worker }]),
        Worker::Working { unacked, in_time, .. } => {
            actions.extend([Action::Beat { worker }, Action::Kill { worker }]);
            if unacked {
                actions.push(Action::Ack { worker });
            } else {
                let end = |ending| Action::End { worker, ending };
                actions.extend([Action::Step { worker }, end(Ending::Retry), end(Ending::Released)]);
            }
            actions.push(if in_time { Action::MissDeadline { worker } } else { Action::LetGo { worker } });
        }
    }
}
