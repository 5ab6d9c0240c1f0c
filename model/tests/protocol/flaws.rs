//! Each rule is needed: without it the explorer finds a way to break a property.

use model::explorer::{Counterexample, Explorer};
use model::flaw::{Flaw, Rules};
use model::protocol::Scope;
use model::scopes;

/// With as few misfortunes as do, and with one thread, so that the way is a shortest one.
fn found_without(flaw: Flaw) -> Counterexample {
    let scope = scopes::that_shows(flaw);
    for misfortunes in 0..=scope.misfortunes {
        let scope = Scope { misfortunes, ..scope.clone() };
        let explored = Explorer::new(scope, Rules::without(flaw)).explore(1);
        if let Some(found) = explored.broken {
            println!("{flaw:?}: {misfortunes} misfortunes, {} worlds\n{}", explored.n_worlds, found.told());
            return found;
        }
    }
    panic!("{flaw:?} breaks nothing");
}

/// The invariant that falls first.
fn falls_without(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::NoSelfFencing | Flaw::CheckedTooEarly | Flaw::NoLookBeforeTheAct => "I2",
        Flaw::EnqueueWithoutLock => "I3",
        Flaw::DeleteBeforeConfirm | Flaw::RefusedInTheMiddle => "I6",
        Flaw::SettleWithoutToken => "I7",
        Flaw::AckBeforeClaim => "I8",
        Flaw::ReleaseForgetsCancel => "I9",
        Flaw::NoTokenInTheWrite
        | Flaw::TokenStaysTheSame
        | Flaw::DriftBeyondTheMargin
        | Flaw::RescueByElapsedTime => "I14",
        Flaw::NobodyWakesTheUnclaimed | Flaw::NobodyWakesTheHeldUp => "I1",
    }
}

#[test]
fn every_rule_is_needed() {
    for flaw in Flaw::ALL {
        let found = found_without(flaw);
        let (fallen, _) = found.property.split_once(':').unwrap_or_default();
        assert_eq!(fallen, falls_without(flaw), "{flaw:?}: {}", found.told());
    }
}
