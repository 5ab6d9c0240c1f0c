//! Explores every world that can come about, breadth first, so that the first counterexample is a shortest one.
//!
//! The exploring itself is [stateright](https://www.stateright.rs)'s. It brings a small web server for looking at
//! states; nothing here starts it.
//!
//! That every job ends is checked as "from every world that can come about, the calm continuation comes to rest": it is
//! walked to its end once, and remembered, so that each world costs about one step more.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Mutex, OnceLock, PoisonError};

use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::flaw::Rules;
use crate::properties;
use crate::protocol::{Action, Scope, World, after, calm, enabled};

/// Longest calm continuation: many times what a job needs.
const CALM_STEPS: usize = 400;

/// For the checker all properties are one, so that it stops at the first that does not hold.
const PROTOCOL_HOLDS: &str = "the protocol holds";

/// A scope under rules.
pub struct Explorer {
    scope: Scope,
    rules: Rules,
    /// Worlds, by their hash, from which the calm continuation comes to rest.
    restful: Mutex<HashSet<u64>>,
    /// What was found first not to hold. The checker keeps the last of a block of worlds, which is no shortest way.
    broken: OnceLock<&'static str>,
}

/// What was explored.
#[derive(Debug, Clone)]
pub struct Explored {
    /// Worlds that differ.
    pub n_worlds: usize,
    /// Worlds that were reached, on whatever way.
    pub n_reached: usize,
    /// Actions on the longest of the shortest ways.
    pub depth: usize,
    /// What did not hold first.
    pub broken: Option<Counterexample>,
}

/// A way to a world in which a property does not hold.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// The property.
    pub property: &'static str,
    /// What happened, in order.
    pub actions: Vec<Action>,
}

impl Counterexample {
    /// One action per line.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = format!("{} does not hold after {} actions:\n", self.property, self.actions.len());
        for action in &self.actions {
            // Writing to a text cannot fail.
            let _ = writeln!(told, "  {action:?}");
        }
        told
    }
}

impl Explorer {
    /// Of this scope, under these rules.
    #[must_use]
    pub fn new(scope: Scope, rules: Rules) -> Self {
        Self { scope, rules, restful: Mutex::default(), broken: OnceLock::new() }
    }

    /// Explores to the end, or to the first counterexample, which with one thread is a shortest one.
    #[must_use]
    pub fn explore(self, n_threads: usize) -> Explored {
        let checker =
            self.checker().threads(n_threads).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let broken = checker.model().broken.get().and_then(|property| {
            let path = checker.discovery(PROTOCOL_HOLDS)?;
            Some(Counterexample { property, actions: path.into_actions() })
        });
        Explored {
            n_worlds: checker.unique_state_count(),
            n_reached: checker.state_count(),
            depth: checker.max_depth().saturating_sub(1),
            broken,
        }
    }

    /// Whether every property holds; only the first world in which one does not says so.
    fn holds(&self, world: &World) -> bool {
        let broken = properties::ALL.into_iter().find(|(_, holds)| !holds(self, world));
        broken.is_none_or(|(property, _)| self.broken.set(property).is_err())
    }

    /// Whether the calm continuation of a world comes to rest.
    pub(crate) fn comes_to_rest(&self, world: &World) -> bool {
        let hasher = BuildHasherDefault::<DefaultHasher>::new();
        let mut walked = Vec::new();
        let mut here = world.without_history();
        for _ in 0..CALM_STEPS {
            let hash = hasher.hash_one(&here);
            if self.restful.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash) {
                break;
            }
            walked.push(hash);
            match calm(&self.scope, self.rules, &here) {
                Some(next) => here = next.without_history(),
                None if here.is_at_rest(&self.scope) => break,
                None => return false,
            }
        }
        if walked.len() == CALM_STEPS {
            return false;
        }
        self.restful.lock().unwrap_or_else(PoisonError::into_inner).extend(walked);
        true
    }
}

impl Model for Explorer {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.scope)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        enabled(&self.scope, world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let next = after(&self.scope, self.rules, world, action)?;
        if next == *world {
            return None;
        }
        // Nobody changes places in a counterexample: it is to be read.
        Some(if self.rules == Rules::ALL { next.representative() } else { next })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(PROTOCOL_HOLDS, Self::holds)]
    }
}
