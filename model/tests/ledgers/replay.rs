//! One schedule on a real ledger and on the pure one, step by step.

mod messages;
mod names;

use std::fmt::Debug;
use std::time::Duration;

use common::domain::device::{Device, Source};
use common::domain::hold::PauseScope;
use common::domain::job::{BatchId, JobId, JobSpec, JobType, PairMode, Requester};
use common::domain::lease::{Lease, LeaseToken};
use common::domain::path::Goal;
use common::events::JobEvent;
use common::ledger::{
    Batch, Claim, Completeness, EnqueueAnswer, JobFilter, LedgerError, RelayToken, StepRecord, WorkerCard,
};
use model::flaw::Rules;
use model::ledger::{self as pure, JobNo, Ledger, Message, Wish};
use proptest::test_runner::TestCaseError;

use super::bench::Bench;
use super::schedule::{N_DEVICES, Operation};
use super::told;

/// A lease that runs out only when a schedule says so.
const LEASE: Duration = Duration::from_secs(3_600);

/// How long a relay holds rows, likewise.
const HOLD: Duration = Duration::from_secs(3_600);

/// When a job is due again, likewise.
pub const RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// Between a dispatch of this test and one that was made to be long ago.
const LONG_AGO: Duration = Duration::from_secs(40_000);

/// Attempts of each job, so that the last one is reached.
const MAX_ATTEMPTS: u8 = 3;

/// What a relay took: under which name, and each row's number, job and message.
type Round = (RelayToken, Vec<(i64, JobNo, Message)>);

/// One schedule while it runs.
pub struct Replay<'a> {
    bench: &'a Bench,
    /// Keeps the names of devices and workers apart from those of other schedules.
    schedule: u32,
    batch: BatchId,
    /// Jobs up to this one belong to other schedules.
    jobs_before: i64,
    /// The numbers of this schedule's jobs, in the order of the pure ones.
    ids: Vec<JobId>,
    /// Every lease that was ever given, the newest last.
    leases: Vec<(JobNo, Lease)>,
    /// Every round of a relay that took rows.
    rounds: Vec<Round>,
    n_buried: u32,
    n_dead: u64,
    pure: Ledger,
    /// Of the pure ledger: all, unless a test wants the two to differ.
    rules: Rules,
}

impl<'a> Replay<'a> {
    pub async fn new(bench: &'a Bench, rules: Rules) -> Self {
        let schedule = bench.begin().await;
        let replay = Self {
            bench,
            schedule,
            batch: BatchId::new(),
            jobs_before: bench.last_job().await,
            ids: Vec::new(),
            leases: Vec::new(),
            rounds: Vec::new(),
            n_buried: 0,
            n_dead: 0,
            pure: Ledger::new(true),
            rules,
        };
        let devices: Vec<Device> = (0..N_DEVICES).map(|device| replay.device(device)).collect();
        let by = operator();
        let recorded = bench.ledger.record_devices(&devices, Source::Panorama, Completeness::Partial, &by);
        recorded.await.unwrap();
        replay
    }

    /// The whole schedule; the first difference ends it.
    pub async fn run(mut self, schedule: &[Operation]) -> Result<(), TestCaseError> {
        for (at, operation) in schedule.iter().enumerate() {
            let step = format!("step {at}, {operation:?}");
            self.apply(*operation, &step).await?;
            let id = |no: JobNo| self.ids[usize::from(no)].0;
            let jobs = told::jobs(&self.pure, id, |worker| self.worker(worker).0);
            same(&step, "the jobs", &self.bench.jobs(self.jobs_before).await, &jobs)?;
            same(&step, "the outbox", &self.bench.outbox().await, &told::outbox(&self.pure, id))?;
        }
        self.look().await
    }

    async fn apply(&mut self, operation: Operation, step: &str) -> Result<(), TestCaseError> {
        match operation {
            Operation::Enqueue { device, kind } => {
                self.enqueue(Wish { device, kind, max_attempts: MAX_ATTEMPTS }, step).await
            }
            Operation::Claim { job, worker } => self.claim(job, worker, step).await,
            Operation::Beat { worker, all } => self.beat(worker, all, step).await,
            Operation::Record { lease, n_events } => self.record(lease, n_events, step).await,
            Operation::End { lease, ending } => self.end(lease, ending, step).await,
            Operation::Cancel { job } => self.cancel(job, step).await,
            Operation::Pause | Operation::Resume => {
                self.hold(matches!(operation, Operation::Pause), step).await
            }
            Operation::PauseQueue { kind } => {
                let scope = PauseScope::Queue(told::job_type(kind));
                self.bench.ledger.pause_part(&scope, &operator()).await.unwrap();
                self.pure.pause_queue(kind);
                Ok(())
            }
            Operation::ResumeQueue { kind } => {
                let scope = PauseScope::Queue(told::job_type(kind));
                let ended = self.bench.ledger.resume_part(&scope, &operator()).await.unwrap();
                same(step, "whether it was paused", &ended.is_some(), &self.pure.resume_queue(kind))?;
                self.wake_held_up();
                Ok(())
            }
            Operation::PauseWorker { worker } => self.pause_worker(worker, step).await,
            Operation::ResumeWorker { worker } => {
                let scope = PauseScope::Worker(self.worker(worker));
                let ended = self.bench.ledger.resume_part(&scope, &operator()).await.unwrap();
                same(step, "whether it was paused", &ended.is_some(), &self.pure.resume_worker(worker))
            }
            Operation::ExpireLease { job } => {
                if let Some(no) = self.one_of_the_jobs(job) {
                    self.bench.expire_lease(self.ids[usize::from(no)].0).await;
                    if let Some(lease) = &mut self.pure.jobs[usize::from(no)].lease {
                        lease.live = false;
                    }
                }
                Ok(())
            }
            Operation::ComeDue { job } => {
                if let Some(no) = self.one_of_the_jobs(job) {
                    self.bench.come_due(self.ids[usize::from(no)].0).await;
                    self.pure.jobs[usize::from(no)].due = true;
                }
                Ok(())
            }
            Operation::PromoteDue => {
                let (n_promoted, _) = self.bench.ledger.promote_due(1_000).await.unwrap();
                let due = self.all_jobs().filter(|&no| self.pure.promote(no)).count();
                same(step, "how many came due", &n_promoted, &due)
            }
            Operation::Rescue { long_ago } => self.rescue(long_ago, step).await,
            Operation::Take { limit } => self.take(limit, step).await,
            Operation::Settle { round, words } => self.settle(round, words).await,
            Operation::HoldsLapse => {
                self.bench.lapse_holds().await;
                self.pure.all_holds_lapse();
                Ok(())
            }
            Operation::Bury { job } => self.bury(job, step).await,
            Operation::EndDead => self.end_dead(step).await,
        }
    }

    async fn enqueue(&mut self, wish: Wish, step: &str) -> Result<(), TestCaseError> {
        let spec = JobSpec {
            serial: self.serial(wish.device),
            job_type: told::job_type(wish.kind),
            goal: Goal::Target("11.1.4-h7".parse().unwrap()),
            max_attempts: u32::from(wish.max_attempts),
            retry_of: None,
            pair: PairMode::InTurn,
        };
        let batch = Batch { id: self.batch, by: operator(), jobs: vec![spec] };
        let (_, answer) = self.bench.ledger.enqueue(&batch).await.unwrap().remove(0);
        let pure = self.pure.enqueue(self.rules, &[wish])[0];
        let said = match &answer {
            EnqueueAnswer::Created { job } => {
                self.ids.push(*job);
                "created".to_owned()
            }
            EnqueueAnswer::Existing { job, state } => format!("existing {job} {state}"),
            EnqueueAnswer::Conflict { job, state, .. } => format!("conflict {job} {state}"),
            EnqueueAnswer::Mismatch { .. } | EnqueueAnswer::UnknownDevice => format!("{answer:?}"),
        };
        let of = |no: JobNo| self.ids[usize::from(no)];
        let wanted = match pure {
            pure::EnqueueAnswer::Created(_) => "created".to_owned(),
            pure::EnqueueAnswer::Existing(no, state) => format!("existing {} {}", of(no), state.as_str()),
            pure::EnqueueAnswer::Conflict(no, state) => format!("conflict {} {}", of(no), state.as_str()),
        };
        same(step, "the answer", &said, &wanted)
    }

    async fn claim(&mut self, job: u8, worker: u8, step: &str) -> Result<(), TestCaseError> {
        let Some(no) = self.one_of_the_jobs(job) else { return Ok(()) };
        let answer =
            self.bench.ledger.claim(self.ids[usize::from(no)], &self.worker(worker), LEASE).await.unwrap();
        let pure = self.pure.claim(self.rules, no, worker);
        same(step, "the answer", &told::claim(&answer), &told::pure_claim(pure))?;
        if let Claim::Claimed(claimed) = answer {
            self.leases.push((no, claimed.lease));
        }
        Ok(())
    }

    async fn beat(&mut self, worker: u8, all: bool, step: &str) -> Result<(), TestCaseError> {
        let owner = self.worker(worker);
        let mut held: Vec<&(JobNo, Lease)> =
            self.leases.iter().rev().filter(|(_, lease)| lease.owner == owner).collect();
        // A worker holds one lease of a job at most: the last.
        let mut seen = Vec::new();
        held.retain(|(no, _)| {
            !seen.contains(no) && (all || seen.is_empty()) && {
                seen.push(*no);
                true
            }
        });
        let named: Vec<(JobNo, u8)> = held.iter().map(|(no, lease)| (*no, token(lease.token))).collect();
        let leases: Vec<Lease> = held.iter().map(|(_, lease)| lease.clone()).collect();
        let card = WorkerCard {
            id: owner.clone(),
            host: "pod-1".to_owned(),
            version: "0.1.0".to_owned(),
            job_types: JobType::ALL.to_vec(),
            concurrency: 8,
            draining: false,
        };
        let beat = self.bench.ledger.beat(&card, &leases, LEASE).await.unwrap();
        self.pure.meet(worker);
        let mut wanted: Vec<(JobId, u8, bool)> = self
            .pure
            .beat(&named)
            .into_iter()
            .map(|renewal| (self.ids[usize::from(renewal.job)], renewal.token, renewal.cancel))
            .collect();
        let mut renewals: Vec<(JobId, u8, bool)> = beat
            .renewals
            .iter()
            .map(|renewal| (renewal.job, token(renewal.token), renewal.cancel.is_some()))
            .collect();
        wanted.sort_unstable();
        renewals.sort_unstable();
        same(step, "the renewals", &renewals, &wanted)?;
        same(step, "the hold", &beat.hold.is_some(), &self.pure.held)?;
        let n_pauses =
            self.pure.paused_queues.len() + usize::from(self.pure.paused_workers.contains(&worker));
        same(step, "the pauses", &beat.pauses.len(), &n_pauses)
    }

    async fn record(&mut self, lease: u8, n_events: u8, step: &str) -> Result<(), TestCaseError> {
        let Some((no, lease)) = self.one_of_the_leases(lease) else { return Ok(()) };
        let event = JobEvent::ImagePresent { version: "11.1.4-h7".to_owned() };
        let events = vec![event; usize::from(n_events)];
        let record = StepRecord { events, ..self.step(no) };
        let answer = lost(self.bench.ledger.record(&lease, &record).await);
        let wanted = self.pure.record(self.rules, no, token(lease.token), n_events).is_err();
        same(step, "whether the lease is lost", &answer, &wanted)
    }

    async fn end(&mut self, lease: u8, ending: pure::Ending, step: &str) -> Result<(), TestCaseError> {
        let Some((no, lease)) = self.one_of_the_leases(lease) else { return Ok(()) };
        let answer = lost(self.bench.ledger.end(&lease, &told::end(ending), &self.step(no)).await);
        let wanted = self.pure.end(self.rules, no, token(lease.token), ending).is_err();
        same(step, "whether the lease is lost", &answer, &wanted)
    }

    async fn cancel(&mut self, job: u8, step: &str) -> Result<(), TestCaseError> {
        let Some(no) = self.one_of_the_jobs(job) else { return Ok(()) };
        let answer = self.bench.ledger.cancel(self.ids[usize::from(no)], &operator()).await.unwrap();
        same(step, "the answer", &told::cancel(answer), &told::pure_cancel(self.pure.cancel(no)))
    }

    async fn hold(&mut self, pauses: bool, step: &str) -> Result<(), TestCaseError> {
        if pauses {
            self.bench.ledger.pause(&operator()).await.unwrap();
            self.pure.pause();
            return Ok(());
        }
        let ended = self.bench.ledger.resume(&operator()).await.unwrap();
        same(step, "whether it was held", &ended.is_some(), &self.pure.resume())?;
        self.wake_held_up();
        Ok(())
    }

    async fn pause_worker(&mut self, worker: u8, step: &str) -> Result<(), TestCaseError> {
        let scope = PauseScope::Worker(self.worker(worker));
        let is_known = match self.bench.ledger.pause_part(&scope, &operator()).await {
            Ok(_) => true,
            Err(LedgerError::UnknownWorker { .. }) => false,
            Err(error) => panic!("{step}: {error}"),
        };
        same(step, "whether it is known", &is_known, &self.pure.pause_worker(worker).is_some())
    }

    async fn rescue(&mut self, long_ago: bool, step: &str) -> Result<(), TestCaseError> {
        if long_ago {
            self.bench.age_dispatches().await;
        }
        // Dispatches that an earlier step aged stay that old.
        let after = if long_ago { LONG_AGO } else { Duration::from_secs(1_000_000_000) };
        let rescued = self.bench.ledger.rescue(after, u32::MAX).await.unwrap();
        let wanted = self.pure.rescue(self.rules, |_| long_ago);
        let of = |jobs: &[JobNo]| jobs.iter().map(|no| self.ids[usize::from(*no)]).collect::<Vec<_>>();
        same(step, "expired", &rescued.expired, &of(&wanted.expired))?;
        same(step, "given up", &rescued.given_up, &of(&wanted.given_up))?;
        same(step, "unclaimed", &rescued.unclaimed, &of(&wanted.unclaimed))?;
        same(step, "held up", &rescued.held_up, &of(&wanted.held_up))?;
        same(step, "unsent", &rescued.unsent, &of(&wanted.unsent))
    }

    /// What people see of it all in the end.
    async fn look(&self) -> Result<(), TestCaseError> {
        let step = "in the end";
        let ledger = &self.bench.ledger;
        same(step, "the depth", &ledger.outbox_depth().await.unwrap(), &(self.pure.outbox.len() as u64))?;
        let filter = JobFilter { batch: Some(self.batch), ..JobFilter::default() };
        let mut views = ledger.jobs(&filter, 1_000).await.unwrap();
        views.reverse();
        same(step, "how many jobs", &views.len(), &self.pure.jobs.len())?;
        for ((view, id), job) in views.iter().zip(&self.ids).zip(&self.pure.jobs) {
            let seen = (view.id, view.state.to_string(), view.attempt, view.worker.clone());
            let owner = job.lease.map(|lease| self.worker(lease.owner));
            let wanted = (*id, job.state.as_str().to_owned(), u32::from(job.attempt), owner);
            same(step, "the view", &seen, &wanted)?;
            let attempts = ledger.attempts(view.id).await.unwrap();
            let n_open = attempts.iter().filter(|attempt| attempt.ending.is_none()).count();
            let wanted = (usize::from(job.token), usize::from(job.lease.is_some()));
            same(step, "the attempts", &(attempts.len(), n_open), &wanted)?;
        }
        Ok(())
    }

    fn wake_held_up(&mut self) {
        for no in self.all_jobs() {
            self.pure.wake_held_up(self.rules, no);
        }
    }

    fn all_jobs(&self) -> impl Iterator<Item = JobNo> + use<> {
        0..JobNo::try_from(self.pure.jobs.len()).unwrap()
    }

    fn one_of_the_jobs(&self, number: u8) -> Option<JobNo> {
        number.checked_rem(JobNo::try_from(self.pure.jobs.len()).unwrap())
    }

    /// Mostly one of the last: the older ones are all lost.
    fn one_of_the_leases(&self, number: u8) -> Option<(JobNo, Lease)> {
        let back = usize::from(number) % self.leases.len().clamp(1, 5);
        self.leases.iter().rev().nth(back).cloned()
    }
}

fn operator() -> Requester {
    Requester { operator: "ann".to_owned(), host: "shell-1".to_owned(), reason: Some("CHG-7".to_owned()) }
}

fn token(token: LeaseToken) -> u8 {
    u8::try_from(token.0).unwrap()
}

/// Whether a write was refused because of its lease; anything else must not happen.
fn lost(answer: Result<(), LedgerError>) -> bool {
    match answer {
        Ok(()) => false,
        Err(LedgerError::LeaseLost { .. }) => true,
        Err(error) => panic!("{error}"),
    }
}

/// Fails with what the real ledger has and what the pure one has.
fn same<T: PartialEq + Debug>(step: &str, what: &str, real: &T, pure: &T) -> Result<(), TestCaseError> {
    if real == pure {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("{step}: {what} differ\n  ledger: {real:#?}\n  model: {pure:#?}")))
}
