//! The world around the ledger: broker, workers, relays, devices, people, time and misfortune.
//!
//! [`World`] is one moment, [`Action`] one thing that may happen next, [`Scope`] says how large the world is and how
//! many misfortunes it has to bear. Which action is chosen when is the explorer's: all of them, in every order.
//!
//! Promises: an action is one transaction of the ledger, one message, or one call of a device; nothing smaller can be
//! observed from outside. A worker that is not chosen for a while is one that got SIGSTOP, and one that is chosen
//! again got SIGCONT; a message that is not chosen is late, and messages are chosen in any order. Leaves to others:
//! the rules of the ledger ([`crate::ledger`]), what must hold ([`crate::properties`]).

mod action;
mod fair;
mod relay;
mod time;
mod work;
mod world;

pub use action::{Action, enabled};
pub use fair::calm;
pub use relay::Relay;
pub(crate) use relay::token;
pub(crate) use work::belief_is_true;
pub use work::{Image, Step, Worker};
pub use world::{Device, Scope, World};

use crate::flaw::Rules;

/// The world after an action; `None` where the action cannot happen.
#[must_use]
pub fn after(scope: &Scope, rules: Rules, world: &World, action: Action) -> Option<World> {
    let mut next = world.clone();
    let happened = happens(scope, rules, &mut next, action);
    next.misfortunes = world.misfortunes.checked_sub(action.costs(world))?;
    next.note_ends();
    happened.then_some(next)
}

fn happens(scope: &Scope, rules: Rules, world: &mut World, action: Action) -> bool {
    match action {
        Action::Enqueue => world.enqueue(scope, rules),
        Action::Take { relay } => world.take(rules, relay),
        Action::Publish { relay } => world.publish(relay),
        Action::Refuse { relay } => world.refuse(rules, relay),
        Action::RestEnds => world.rest_ends(),
        Action::Settle { relay } => world.settle(rules, relay),
        Action::LoseConfirms { relay } => world.lose_confirms(relay),
        Action::KillRelay { relay } => world.kill_relay(relay),
        Action::HoldLapses { relay } => world.hold_lapses(relay),
        Action::Deliver { worker, job } => world.deliver(rules, worker, job),
        Action::Duplicate { job } => world.duplicate(job),
        Action::Bury { job } => world.bury(job),
        Action::LoseDisk => world.lose_disk(),
        Action::Claim { worker } => world.claim(rules, worker),
        Action::Ack { worker } => world.ack(worker),
        Action::Step { worker } => world.step(rules, worker),
        Action::Beat { worker } => world.beat(worker),
        Action::End { worker, ending } => world.end(rules, worker, ending),
        Action::LetGo { worker } => world.let_go(worker),
        Action::Kill { worker } => world.kill(worker),
        Action::Finish { device } => world.finish(device),
        Action::MissDeadline { worker } => world.miss_deadline(worker),
        Action::ExpireLease { job } => world.expire_lease(rules, job),
        Action::ComeDue { job } => world.come_due(job),
        Action::RescueExpired { job } => world.ledger.rescue_expired(rules, job),
        Action::WakeUnclaimed { job } => world.ledger.wake_unclaimed(rules, job),
        Action::WakeHeldUp { job } => world.ledger.wake_held_up(rules, job),
        Action::Cancel { job } => world.cancel(job),
        Action::Pause => world.ledger.pause(),
        Action::Resume => world.ledger.resume(),
    }
}
