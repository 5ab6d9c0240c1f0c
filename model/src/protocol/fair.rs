//! What happens once misfortune stops: one fair schedule, to its end.
//!
//! Everybody goes on as they would: relays relay, workers work, leases of those who are gone run out, the rescuer
//! looks, a person who paused the fleet resumes it. The order is fixed, so that one world has one continuation.

use super::action::{Action, enabled};
use super::after;
use super::work::Worker;
use super::world::{Scope, World};
use crate::flaw::Rules;

/// The world after the next thing that happens without any misfortune; `None` when nothing is left to happen.
#[must_use]
pub fn calm(scope: &Scope, rules: Rules, world: &World) -> Option<World> {
    let mut actions = Vec::new();
    enabled(scope, world, &mut actions);
    actions.retain(|action| action.costs(world) == 0);
    actions.sort_by_key(|action| rank(world, *action));
    actions.into_iter().find_map(|action| {
        let next = after(scope, rules, world, action)?;
        (next != *world).then_some(next)
    })
}

/// Who comes first. What an attempt learns comes before what it does; what looks for lost things comes last, as it
/// waits for a while.
fn rank(world: &World, action: Action) -> u8 {
    match action {
        Action::LetGo { .. } => 0,
        Action::Beat { worker } => match world.workers[usize::from(worker)] {
            Worker::Working { in_time: true, .. } => 1,
            Worker::Idle | Worker::InHand { .. } | Worker::Refused { .. } | Worker::Working { .. } => 9,
        },
        Action::Claim { .. } | Action::Ack { .. } => 2,
        Action::Step { .. } | Action::Finish { .. } => 3,
        Action::Settle { .. } | Action::Publish { .. } => 4,
        Action::Enqueue | Action::Resume => 5,
        Action::Take { .. } | Action::Deliver { .. } => 6,
        Action::ComeDue { .. } | Action::HoldLapses { .. } | Action::RestEnds => 7,
        Action::ExpireLease { .. } | Action::RescueExpired { .. } => 8,
        Action::WakeHeldUp { .. } | Action::WakeUnclaimed { .. } => 9,
        // They cost, so that they never get here.
        Action::Refuse { .. }
        | Action::LoseConfirms { .. }
        | Action::KillRelay { .. }
        | Action::Duplicate { .. }
        | Action::Bury { .. }
        | Action::LoseDisk
        | Action::End { .. }
        | Action::Kill { .. }
        | Action::MissDeadline { .. }
        | Action::Cancel { .. }
        | Action::Pause => 10,
    }
}
