//! Joins the parts of a worker; nobody else does.
//!
//! Promises: [`App::run`] returns only after every attempt has ended and what it wrote was relayed, or the
//! grace was over. Leaves to others: signals and the exit code (`main`).

use std::sync::Arc;
use std::time::Duration;

use common::broker::BrokerError;
use common::clock::SystemClock;
use common::config::Config;
use common::domain::job::{JobState, JobType};
use common::domain::lease::WorkerId;
use common::engine::Engine;
use common::ledger::{JobFilter, LedgerError};
use common::report::Chain;
use common::shutdown::Shutdown;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::consumer::{Consumer, Taken};
use crate::context::{Context, Patience};
use crate::device::{Connector, ConnectorError};
use crate::gate::Gate;
use crate::lease_keeper::LeaseKeeper;
use crate::pace::Pace;
use crate::perform;
use crate::relay::Relay;
use crate::rescuer;
use crate::steps;
use crate::trusted::Trusted;

/// Time for the last messages after the last attempt; what is left then, another relay publishes.
const FINAL_FLUSH: Duration = Duration::from_secs(5);

/// Time that attempts get to hand their leases back after an abort.
const ABORT_GRACE: Duration = Duration::from_secs(5);

/// Time that lease keeper, relay and rescuer get to come to the end of what they are doing. What a hanging ledger or
/// broker keeps beyond it is dropped: a held lease runs out, a row of the outbox comes free.
const PARTS_GRACE: Duration = Duration::from_secs(5);

/// Time between two looks whether everything has ended, with [`Until::Idle`].
const IDLE_CHECK: Duration = Duration::from_millis(500);

/// When a worker ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Only when it is told to.
    Stopped,
    /// Also when no job of its types waits or runs anywhere. Jobs that wait for the end of a hold do wait.
    Idle,
}

/// Why a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// There was nothing left to do.
    Idle,
    /// Jobs wait, and the fleet is held: nobody begins them before it is resumed.
    Held,
    /// It was told to; leases were handed back.
    Stopped,
}

/// Why a worker cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Devices cannot be called.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// Jobs of a type whose execution is not part of this version.
    #[error("worker.job_types has `{job_type}`, whose execution is not part of this version: take it out")]
    NotPerformed {
        /// The type.
        job_type: JobType,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The broker will never deliver.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// One worker process.
pub struct App {
    engine: Engine,
    context: Arc<Context>,
    keeper: Arc<LeaseKeeper>,
    relay: Arc<Relay>,
    consumer: Consumer,
    job_types: Vec<JobType>,
    grace: Duration,
}

impl App {
    /// A worker as configured, which stops as `stop` says. Connects to nothing yet.
    ///
    /// # Errors
    /// [`SetupError::Connector`] when the configuration does not say how firewalls are logged in to or what a message
    /// of theirs means,
    /// [`SetupError::NotPerformed`].
    pub fn new(engine: Engine, config: &Config, stop: &Shutdown) -> Result<Self, SetupError> {
        if let Some(job_type) = config.worker.job_types.iter().copied().find(|known| !steps::performs(*known))
        {
            return Err(SetupError::NotPerformed { job_type });
        }
        let connector = Connector::new(config)?;
        connector.check_firewall_login()?;
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let worker = WorkerId::unique(&host, std::process::id());
        let ledger = Arc::clone(&engine.ledger);
        let keeper =
            LeaseKeeper::new(Arc::clone(&ledger), worker, config.lease.ttl, config.lease.renew_every);
        let keeper = Arc::new(keeper);
        let relay = Arc::new(Relay::new(engine.clone(), config.relay.every, config.relay.window));
        let gate = Arc::new(Gate::new(Arc::clone(&ledger), config.firewall.refusals_before_hold));
        let context = Arc::new(Context {
            relay: Arc::clone(&relay),
            clock: Arc::new(SystemClock),
            connector,
            gate: Arc::clone(&gate),
            trusted: Trusted::new(Arc::clone(&ledger)),
            ledger,
            policy: config.plan.policy(),
            space: config.disk.rule(),
            verification: config.verification.mode,
            pace: Pace { min: config.poll.min, max: config.poll.max },
            patience: Patience {
                stall: config.download.stall_timeout,
                silence: config.download.silence_timeout,
                sync: config.download.sync_timeout,
                busy: config.download.busy_wait,
            },
            stop: stop.clone(),
        });
        let job_types = config.worker.job_types.clone();
        let consumer = Consumer::new(
            engine.clone(),
            Arc::clone(&keeper),
            gate,
            job_types.clone(),
            config.worker.concurrency,
        );
        Ok(Self { engine, context, keeper, relay, consumer, job_types, grace: config.worker.grace })
    }

    /// Name of this worker in ledger, logs and audit trail.
    #[must_use]
    pub fn worker(&self) -> &WorkerId {
        self.keeper.worker()
    }

    /// Works until told to stop, or until idle.
    ///
    /// # Errors
    /// [`SetupError`] when the ledger does not answer at the start, or the broker will never deliver. Once it
    /// works, it waits for either to come back.
    pub async fn run(&self, until: Until) -> Result<Ending, SetupError> {
        self.engine.ledger.check().await?;
        info!(worker.id = %self.worker(), "worker {} begins, ledger {}", self.worker(), self.engine.ledger.location());
        let attempts = TaskTracker::new();
        let (parts_end, stop) = (CancellationToken::new(), &self.context.stop);
        let working = async {
            let ending = self.take_jobs(until, &attempts).await;
            self.drain(&attempts).await;
            parts_end.cancel();
            ending
        };
        let parts = async {
            tokio::join!(
                self.keeper.run(&parts_end),
                self.relay.run(&parts_end),
                rescuer::run(&self.engine, &self.job_types, &self.relay, self.keeper.ttl(), &parts_end),
            )
        };
        let too_late = async {
            parts_end.cancelled().await;
            tokio::time::sleep(PARTS_GRACE).await;
        };
        // The parts outlive the attempts: a lease is renewed and an event relayed until the last one has ended.
        let (ending, ()) = tokio::join!(working, async {
            tokio::select! {
                ((), (), ()) = parts => {}
                () = too_late => warn!("ledger or broker did not answer before the end"),
            }
        });
        if let Err(error) = self.relay.flush(FINAL_FLUSH).await {
            warn!("not everything was told before the end: {}; another relay will", Chain(&error));
        }
        let ending = ending?;
        info!(worker.id = %self.worker(), "worker {} ends, {}", self.worker(), if stop.is_draining() { "as told" } else { "nothing is left that it may do" });
        Ok(ending)
    }

    async fn take_jobs(&self, until: Until, attempts: &TaskTracker) -> Result<Ending, SetupError> {
        let start = |Taken { job, hold, slot }: Taken| {
            let context = Arc::clone(&self.context);
            attempts.spawn(async move {
                perform::perform(job, Arc::clone(hold.hold()), context).await;
                drop((hold, slot));
            });
        };
        tokio::select! {
            consumed = self.consumer.run(&self.context.stop, start) => consumed.map(|()| Ending::Stopped).map_err(Into::into),
            ending = self.idle(attempts), if until == Until::Idle => Ok(ending),
        }
    }

    /// Lets attempts leave at their next safe point, then makes them; at once when somebody aborts.
    async fn drain(&self, attempts: &TaskTracker) {
        let stop = &self.context.stop;
        attempts.close();
        let ended = tokio::time::timeout(self.grace, stop.unless_aborting(attempts.wait())).await;
        if !matches!(ended, Ok(Some(()))) && !attempts.is_empty() {
            warn!("{} attempts are made to leave before their next safe point", attempts.len());
            stop.abort();
            if tokio::time::timeout(ABORT_GRACE, attempts.wait()).await.is_err() {
                warn!("{} attempts are left to their leases", attempts.len());
            }
        }
    }

    /// Ends when no job of our types waits or runs, here or anywhere; when the fleet is held, as soon as none runs here:
    /// a program that waits for a person keeps those waiting who wait for it.
    async fn idle(&self, attempts: &TaskTracker) -> Ending {
        let active = JobFilter {
            states: vec![JobState::Scheduled, JobState::Available, JobState::Running],
            job_types: self.job_types.clone(),
            ..JobFilter::default()
        };
        loop {
            tokio::time::sleep(IDLE_CHECK).await;
            if !attempts.is_empty() {
                continue;
            }
            let ledger = &self.engine.ledger;
            match tokio::try_join!(ledger.jobs(&active, 1), ledger.hold()) {
                Ok(_) if !attempts.is_empty() => {}
                Ok((jobs, _)) if jobs.is_empty() => return Ending::Idle,
                Ok((_, Some(_))) => return Ending::Held,
                Ok((_, None)) => {}
                Err(error) => warn!("cannot see whether anything is left: {}", Chain(&error)),
            }
        }
    }
}
