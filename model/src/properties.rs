//! What must hold in every world, whatever happened before.
//!
//! The numbers are those of the invariants that the fault suite checks on the real system.

use crate::explorer::Explorer;
use crate::ledger::{Ledger, Message};
use crate::protocol::{World, belief_is_true, token};

/// Checks one world.
type Holds = fn(&Explorer, &World) -> bool;

/// Every property, with its name.
pub const ALL: [(&str, Holds); 12] = [
    ("I2: no command of an older token after one of a newer", |_, world| no_command_is_late(world)),
    ("I2: no image is asked for twice", |_, world| {
        world.devices.iter().all(|device| device.asked.len() <= 1)
    }),
    ("I3: a device has one job at most that is not terminal", |_, world| one_job_per_device(&world.ledger)),
    ("I4: a terminal state never changes", |_, world| ends_stay(world)),
    ("I4: no more attempts are charged than allowed", |_, world| {
        world.ledger.jobs.iter().all(|job| job.attempt <= job.max_attempts)
    }),
    ("I6: every event is told, or waits in the outbox, once", |_, world| events_are_dense(world)),
    ("I6: events of a job are told in their order", |_, world| !world.told_out_of_order),
    ("I7: two relays never hold one row", |_, world| holds_are_true(world)),
    ("I8: an available job has a wake-up, a hold to wait for, or a rescuer", |_, world| {
        nobody_is_forgotten(world)
    }),
    ("I9: what somebody wants to stop does not begin again", |_, world| !world.began_after_cancel),
    ("I14: who believes in a lease has it", |_, world| {
        world.workers.iter().all(|worker| belief_is_true(&world.ledger, worker))
    }),
    ("I1: once misfortune stops, every job ends", Explorer::comes_to_rest),
];

fn no_command_is_late(world: &World) -> bool {
    world.devices.iter().all(|device| {
        let in_order = |pair: &[(u8, u8)]| pair[0].0 != pair[1].0 || pair[0].1 <= pair[1].1;
        device.asked.windows(2).all(in_order)
    })
}

fn one_job_per_device(ledger: &Ledger) -> bool {
    let holders: Vec<_> =
        ledger.jobs.iter().filter(|job| !job.state.is_terminal()).map(|job| job.device).collect();
    holders.iter().all(|device| holders.iter().filter(|other| *other == device).count() == 1)
}

fn ends_stay(world: &World) -> bool {
    world.ends.iter().zip(&world.ledger.jobs).all(|(end, job)| end.is_none_or(|end| end == job.state))
}

fn events_are_dense(world: &World) -> bool {
    let waiting = |job: u8, seq: u8| {
        let row = (job, Message::Event(seq));
        let n_rows = world.ledger.outbox.iter().filter(|waiting| waiting.is(row)).count();
        if n_rows == 0 { usize::from(is_in_a_hand(world, |held| held == row)) } else { n_rows }
    };
    !world.ledger.tells_events
        || world.ledger.numbered().all(|(no, job)| {
            let told = world.told[usize::from(no)];
            (1..=job.event_seq).all(|seq| match waiting(no, seq) {
                0 => told & (1 << seq) != 0,
                n => n == 1,
            })
        })
}

/// What a relay holds, by the ledger's clock, nobody else does: each of its rows is gone or still its own.
fn holds_are_true(world: &World) -> bool {
    (0..).zip(&world.relays).all(|(relay, round)| {
        let is_its_own = |&named: &(u8, Message)| {
            let row = world.ledger.outbox.iter().find(|row| row.is(named));
            row.is_none_or(|row| row.by == token(relay) && row.held)
        };
        round.lapsed || round.rows.iter().all(is_its_own)
    })
}

/// As long as the broker keeps its disk nobody waits for the rescuer.
fn nobody_is_forgotten(world: &World) -> bool {
    world.ledger.numbered().all(|(no, job)| {
        job.state != crate::ledger::JobState::Available
            || job.held_up
            || world.has_wake_up(no)
            || (world.lost_disk && job.dispatched)
            || is_in_a_hand(world, |(job, _)| job == no)
    })
}

/// A relay is about to publish such a row, unless it dies.
fn is_in_a_hand(world: &World, is_meant: impl Fn((u8, Message)) -> bool) -> bool {
    world.relays.iter().any(|round| round.rows.iter().any(|row| is_meant(*row)))
}
