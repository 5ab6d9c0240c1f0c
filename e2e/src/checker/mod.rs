//! Whether a run kept every promise: reads ledger, broker, event log, audit trail and the devices' own journal, and
//! names what should not be, without a panic.
//!
//! | invariant | proved by |
//! |---|---|
//! | I1 every accepted job ends once | rows of jobs; jobs that only the trail or the event log remembers |
//! | I2 no two workers command a device at once, none after a newer one | the simulator's journal (who, when begun, when answered) against the attempts of the ledger; calls one at a time |
//! | I3 one active job per device | lives of a device's jobs do not overlap; the unique index holds at every commit |
//! | I4 ends are final, leases grow, attempts are charged once | tokens of the attempts, nothing behind the end in trail and log |
//! | I5 a point of no return is passed at most once | no install and no restart in the journal: no job has one today |
//! | I6 every event is told, in order | the log from its beginning against the number that each job has counted |
//! | I7 nothing waits to be published | the outbox; with I6 that everything committed was published |
//! | I8 no message is lost | a reconciliation of the ledger at rest repairs nothing; no dead letters |
//! | I9 a confirmed cancel starts nothing | download requests in the trail after a cancel's; the journal (I2) after its end |
//! | I10 a batch stops at its threshold | not applicable: batches have no threshold |
//! | I11 the trail verifies, one entry per change | the programs' own `audit verify` (chains, heads, anchors); entries against attempts and states |
//! | I12 no secret outside | the run's passwords and keys looked for in output, ledger rows or files (dead letters and outbox are rows), events, dead letters at the broker |
//! | I13 no consumer stays, memory is bounded | consumers are gone; peak memory of each worker |
//! | I14 leases are held by the living | no attempt and no lease is open when no worker runs |
//!
//! Downloads are *twice* when the device says that the file was there, or when it was asked for again although the
//! device lost nothing. `gather` reads, and is the only part that knows a world; every rule is a function over
//! [`Evidence`] and has a test that feeds it a lie.
//!
//! Leaves to others: what a finding means for a test ([`invariants`](crate::invariants)) or a run (the fault suite).

mod allowed;
mod devices;
mod events;
mod evidence;
mod findings;
mod gather;
mod jobs;
mod leaks;
mod rest;
#[cfg(test)]
mod tests;
mod trail;

pub use allowed::Allowed;
pub use evidence::{Attempt, Call, Entry, Event, Evidence, Job, Rest};
pub use findings::Findings;

use crate::world::World;

/// Looks at everything. Every job should have ended, and no worker may be running.
pub async fn check(world: &World, allowed: &Allowed) -> Findings {
    match gather::evidence(world).await {
        Ok(evidence) => judge(&evidence, allowed),
        Err(reason) => Findings { other: vec![("check", reason)], ..Findings::default() },
    }
}

/// What should not be in that evidence.
pub fn judge(evidence: &Evidence, allowed: &Allowed) -> Findings {
    let mut findings = Findings::default();
    jobs::judge(evidence, &mut findings);
    devices::judge(evidence, allowed, &mut findings);
    events::judge(evidence, allowed, &mut findings);
    trail::judge(evidence, &mut findings);
    rest::judge(evidence, allowed, &mut findings);
    findings
}
