//! A delivery becomes a claim, and the claim decides.
//!
//! Promises: of any number of workers that try, one gets the job, and of the two members of a pair one begins; the attempt is charged, noted, told and
//! entered in the trail in the same transaction. Leaves to others: keeping the lease alive ([`workers`](super::workers)), and
//! leases that nobody renewed ([`rescue`](super::rescue)).

use std::time::Duration;

use futures_util::try_join;

use super::connection::{Transaction, each};
use super::ending::job_context;
use super::inventory::{READ_DEVICE, device_record};
use super::query::{READ_IMAGES, image_record};
use super::statement::{Columns, Statement, boolean, int4, int8, seconds, statement, text};
use super::{PostgresLedger, fleet, outbox, pause, trail};
use crate::clock::{Clock, SystemClock};
use crate::domain::job::{JobId, PairMode};
use crate::domain::lease::{Lease, LeaseToken, WorkerId};
use crate::ledger::rows::{
    CLAIM_TRIES, Refusal, Refused, claimed, from_json, number, pair_role, place, word,
};
use crate::ledger::{Claim, ClaimedJob, LedgerError, PairRole};

const CLAIM_JOB: Statement = statement!("claim_job");
const LOCK_PAIR: Statement = statement!("lock_pair");
const READ_REFUSAL: Statement = statement!("read_refusal");
const LOCK_OBSTACLE: Statement = statement!("lock_obstacle");
const NOTE_REFUSAL: Statement = statement!("note_refusal");
const READ_PAIR: Statement = statement!("read_pair");
const INSERT_ATTEMPT: Statement = statement!("insert_attempt");

impl PostgresLedger {
    /// Takes the lease of one available job.
    pub(super) async fn claim_job(
        &self,
        job: JobId,
        worker: &WorkerId,
        ttl: Duration,
    ) -> Result<Claim, LedgerError> {
        let mut connection = self.pool.connection().await?;
        let transaction = connection.begin().await?;
        let params = || [int8(job.0), text(&worker.0), seconds(ttl.as_secs_f64())];
        // One round trip: each statement sees what was committed before the one before it had its lock.
        let (peers, mut rows) =
            try_join!(transaction.rows(&LOCK_PAIR, [int8(job.0)]), transaction.rows(&CLAIM_JOB, params()),)?;
        let mut held_still = None;
        for _ in 0..CLAIM_TRIES {
            if let Some(columns) = each(&CLAIM_JOB, &rows).next() {
                let claimed = begin_attempt(&transaction, &columns, worker, !peers.is_empty()).await?;
                transaction.commit().await?;
                return Ok(Claim::Claimed(Box::new(claimed)));
            }
            match read_refusal(&transaction, job, worker).await? {
                Refused::Answer(claim) => return Ok(claim),
                Refused::ByHold(hold) => {
                    transaction
                        .execute(&NOTE_REFUSAL, [int8(job.0), boolean(true), int8(None::<i64>)])
                        .await?;
                    transaction.commit().await?;
                    return Ok(Claim::Held(hold));
                }
                Refused::ByPause(pause) => {
                    transaction
                        .execute(&NOTE_REFUSAL, [int8(job.0), boolean(true), int8(None::<i64>)])
                        .await?;
                    transaction.commit().await?;
                    return Ok(Claim::Paused(pause));
                }
                // Looked at again after it was locked, so it has not ended unseen.
                Refused::ByPeer(peer) if held_still == Some(peer) => {
                    transaction.execute(&NOTE_REFUSAL, [int8(job.0), boolean(false), int8(peer.0)]).await?;
                    transaction.commit().await?;
                    return Ok(Claim::PeerBusy { peer });
                }
                Refused::ByPeer(peer) => {
                    transaction.rows(&LOCK_OBSTACLE, [int8(peer.0)]).await?;
                    held_still = Some(peer);
                }
                Refused::NoLonger => {}
            }
            rows = transaction.rows(&CLAIM_JOB, params()).await?;
        }
        // Nothing is wrong with the job: another try finds it at rest.
        Err(LedgerError::NotReachable {
            location: self.pool.location().to_owned(),
            reason: format!("what keeps job {job} from being claimed changes all the time"),
        })
    }
}

/// Everything that begins with a claim, for the row that was claimed.
async fn begin_attempt(
    transaction: &Transaction<'_>,
    columns: &Columns<'_>,
    worker: &WorkerId,
    has_peer: bool,
) -> Result<ClaimedJob, LedgerError> {
    let context = job_context(columns)?;
    let job = context.job;
    let token = LeaseToken(columns.value("lease_token")?);
    let traceparent = place(columns.value("traceparent")?);
    let (entries, messages) =
        claimed(&context, worker, columns.value("event_seq")?, traceparent.as_ref(), SystemClock.now());

    let attempt: i32 = columns.value("attempt")?;
    let pair = word("jobs.pair_mode", columns.value("pair_mode")?)?;
    let (role, _, device, images, (), ()) = try_join!(
        role(transaction, job, pair, has_peer),
        transaction.execute(&INSERT_ATTEMPT, [int8(job.0), int8(token.0), int4(attempt), text(&worker.0)]),
        transaction.rows(&READ_DEVICE, [text(context.serial.as_str())]),
        transaction.rows(&READ_IMAGES, [int8(job.0)]),
        trail::append(transaction, &entries),
        outbox::insert(transaction, &messages),
    )?;
    let device = each(&READ_DEVICE, &device)
        .next()
        .ok_or_else(|| READ_DEVICE.failed("a job whose device is not in the inventory"))?;
    let status: Option<&str> = columns.value("status")?;
    Ok(ClaimedJob {
        lease: Lease { job, token, owner: worker.clone() },
        job_type: context.job_type,
        batch: context.batch,
        goal: from_json("jobs.goal", columns.value("goal")?)?,
        attempt: context.attempt,
        max_attempts: number("jobs.max_attempts", columns.wide::<i32>("max_attempts")?)?,
        n_snoozes: number("jobs.n_snoozes", columns.wide::<i32>("n_snoozes")?)?,
        device: device_record(&device)?,
        images: each(&READ_IMAGES, &images)
            .map(|columns| image_record(&columns))
            .collect::<Result<_, _>>()?,
        status: status.map(|status| from_json("jobs.status", status)).transpose()?,
        pair,
        role,
        traceparent,
    })
}

/// Why a job was not claimed.
async fn read_refusal(
    transaction: &Transaction<'_>,
    job: JobId,
    worker: &WorkerId,
) -> Result<Refused, LedgerError> {
    let rows = transaction.rows(&READ_REFUSAL, [int8(job.0), text(&worker.0)]).await?;
    let Some(columns) = each(&READ_REFUSAL, &rows).next() else {
        return Ok(Refused::Answer(Claim::Unknown));
    };
    let refusal = Refusal {
        state: word("jobs.state", columns.value("state")?)?,
        hold: fleet::hold_of(&columns)?,
        pause: pause::pause_of(&columns)?,
        obstacle: columns.value::<Option<i64>>("obstacle")?.map(JobId),
    };
    Ok(refusal.into())
}

/// What the job is to the other member of its pair; only asked for where there is one.
async fn role(
    transaction: &Transaction<'_>,
    job: JobId,
    pair: PairMode,
    has_peer: bool,
) -> Result<PairRole, LedgerError> {
    if !has_peer {
        return Ok(pair_role(pair, None, None));
    }
    let rows = transaction.rows(&READ_PAIR, [int8(job.0)]).await?;
    let Some(columns) = each(&READ_PAIR, &rows).next() else { return Ok(pair_role(pair, None, None)) };
    let peer = word("devices.ha_peer", columns.value("peer")?)?;
    let lead = columns.value::<Option<i64>>("lead")?.map(JobId);
    let state = columns.value::<Option<&str>>("lead_state")?;
    let state = state.map(|state| word("jobs.state", state)).transpose()?;
    Ok(pair_role(pair, Some(peer), Option::zip(lead, state)))
}
