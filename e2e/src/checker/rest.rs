//! What is left lying about when everything has ended: I7, I8, I12 and I13.
//!
//! Promises: each thing that is left is a finding of its own. Leaves to others: waiting until it had time to go
//! (`gather`).

use super::allowed::Allowed;
use super::evidence::Evidence;
use super::findings::Findings;

/// The most memory that a worker of a fault run may take: 256 MiB. One with hundreds of attempts takes a fraction of
/// it; one that leaks a task or a message per fault does not stay below it for a long run.
const MAX_MEMORY_BYTES: u64 = 256 * 1024 * 1024;

/// Nothing is left to tell (I7) or to repair (I8), no secret is out (I12), nobody consumes (I13).
pub(super) fn judge(evidence: &Evidence, allowed: &Allowed, findings: &mut Findings) {
    let rest = &evidence.rest;
    if rest.n_unpublished > 0 {
        findings.other("I7", format!("{} messages wait in the outbox", rest.n_unpublished));
    }
    if rest.n_dead > 0 && !allowed.dead_letters {
        findings.other("I8", format!("{} dead letters", rest.n_dead));
    }
    for repaired in &rest.repaired {
        findings.other("I8", format!("a reconciliation had to repair {repaired}"));
    }
    for leak in &evidence.leaks {
        findings.other("I12", leak.clone());
    }
    if rest.n_consumers > 0 {
        findings.other("I13", format!("{} consumers, and no worker runs", rest.n_consumers));
    }
    for (process, bytes) in rest.memory.iter().filter(|(_, bytes)| *bytes > MAX_MEMORY_BYTES) {
        let (mib, most) = (bytes >> 20, MAX_MEMORY_BYTES >> 20);
        findings.other("I13", format!("worker {process} took {mib} MiB, {most} are allowed"));
    }
}
