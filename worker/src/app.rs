//! Joins the parts of a worker; nobody else does.
//!
//! Promises: [`App::run`] returns only after every attempt has ended and what it wrote was relayed, or the
//! grace was over. Leaves to others: signals and the exit code (`main`), whether anything is left to do
//! (`idle`).

mod idle;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use common::broker::BrokerError;
use common::clock::SystemClock;
use common::config::Config;
use common::domain::job::JobType;
use common::domain::lease::WorkerId;
use common::engine::Engine;
use common::ledger::{LedgerError, WorkerCard};
use common::report::Chain;
use common::shutdown::Shutdown;
use common::telemetry::fleet::FleetGauges;
use common::telemetry::{http, metrics};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::consumer::{Consumer, Taken};
use crate::context::{Context, Patience};
use crate::control;
use crate::device::{Connector, ConnectorError};
use crate::gate::Gate;
use crate::health::Health;
use crate::lease_keeper::LeaseKeeper;
use crate::measure;
use crate::orders::Orders;
use crate::pace::Pace;
use crate::perform;
use crate::relay::Relay;
use crate::rescuer::{Rescuer, Rhythm};
use crate::steps;
use crate::trusted::Trusted;

/// Time for the last words after the last attempt: messages, a last anchor, and that this worker is gone. What is left
/// then, another relay publishes. With the default grace, and all the rest at its longest, a worker that is told to
/// stop is gone before the 30 s are over after which Kubernetes kills it (`terminationGracePeriodSeconds`).
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Time that attempts get to hand their leases back after an abort.
const ABORT_GRACE: Duration = Duration::from_secs(5);

/// Time that lease keeper, relay and rescuer get to come to the end of what they are doing. What a hanging ledger or
/// broker keeps beyond it is dropped: a held lease runs out, a row of the outbox comes free.
const PARTS_GRACE: Duration = Duration::from_secs(4);

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
    /// Jobs wait, and the fleet is held, or all that wait for this worker are paused: nobody begins them here before a
    /// person says so.
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
    /// Health and metrics cannot be served where the configuration says.
    #[error(transparent)]
    Listen(#[from] std::io::Error),
}

/// One worker process.
pub struct App {
    engine: Engine,
    context: Arc<Context>,
    keeper: Arc<LeaseKeeper>,
    orders: Arc<Orders>,
    relay: Arc<Relay>,
    consumer: Arc<Consumer>,
    job_types: Vec<JobType>,
    grace: Duration,
    rhythm: Rhythm,
    /// Where health and metrics are answered.
    listen: Option<SocketAddr>,
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
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let worker = WorkerId::unique(&host, std::process::id());
        let connector = Connector::for_worker(config, &worker)?;
        connector.check_firewall_login()?;
        let ledger = Arc::clone(&engine.ledger);
        let relay = Arc::new(Relay::new(engine.clone(), config.relay.every, config.relay.window));
        let gate = Arc::new(Gate::new(Arc::clone(&ledger), config.firewall.refusals_before_hold));
        let job_types = config.worker.job_types.clone();
        let orders = Arc::new(Orders::new(worker.clone(), job_types.clone(), Arc::clone(&gate)));
        let card = WorkerCard {
            id: worker,
            host,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            job_types: job_types.clone(),
            concurrency: u32::try_from(config.worker.concurrency).unwrap_or(u32::MAX),
            draining: false,
        };
        let keeper = Arc::new(LeaseKeeper::new(
            Arc::clone(&ledger),
            card,
            Arc::clone(&orders),
            stop.clone(),
            config.lease.ttl,
            config.lease.renew_every,
        ));
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
        let consumer = Arc::new(Consumer::new(
            engine.clone(),
            Arc::clone(&keeper),
            gate,
            Arc::clone(&orders),
            config.worker.concurrency,
        ));
        let listen = config.telemetry.listen;
        if listen.is_some() {
            metrics::install();
            measure::begin(config.worker.concurrency);
        }
        let rhythm = Rhythm {
            every: config.rescue.every_at_most(config.lease.ttl),
            unclaimed_after: config.rescue.unclaimed_after,
            anchor_every: config.audit.anchor_every,
        };
        let grace = config.worker.grace;
        Ok(Self { engine, context, keeper, orders, relay, consumer, job_types, grace, rhythm, listen })
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
    /// works, it waits for either to come back. [`SetupError::Listen`] before anything else.
    pub async fn run(&self, until: Until) -> Result<Ending, SetupError> {
        let Some(address) = self.listen else { return self.work(until).await };
        let listener = http::listen(address).await?;
        let (end, routes) = (CancellationToken::new(), http::router(self.health(), metrics::install()));
        let working = async {
            let ending = self.work(until).await;
            end.cancel();
            ending
        };
        let (ending, ()) = tokio::join!(working, http::serve(listener, routes, &end));
        ending
    }

    fn health(&self) -> Arc<Health> {
        Arc::new(Health {
            engine: self.engine.clone(),
            keeper: Arc::clone(&self.keeper),
            consumer: Arc::clone(&self.consumer),
            orders: Arc::clone(&self.orders),
            relay: Arc::clone(&self.relay),
            stop: self.context.stop.clone(),
            gauges: FleetGauges::new(Arc::clone(&self.engine.ledger)),
        })
    }

    async fn work(&self, until: Until) -> Result<Ending, SetupError> {
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
        let rescuer = Rescuer::new(&self.engine, &self.job_types, &self.relay, self.rhythm);
        let parts = async {
            tokio::join!(
                self.keeper.run(&parts_end),
                control::run(&self.engine, &self.keeper, &parts_end),
                self.relay.run(&parts_end),
                rescuer.run(&parts_end),
            )
        };
        let too_late = async {
            parts_end.cancelled().await;
            tokio::time::sleep(PARTS_GRACE).await;
        };
        // The parts outlive the attempts: a lease is renewed and an event relayed until the last one has ended.
        let (ending, ()) = tokio::join!(working, async {
            tokio::select! {
                ((), (), (), ()) = parts => {}
                () = too_late => warn!("ledger or broker did not answer before the end"),
            }
        });
        self.last_words().await;
        let ending = ending?;
        info!(worker.id = %self.worker(), "worker {} ends, {}", self.worker(), if stop.is_draining() { "as told" } else { "nothing is left that it may do" });
        Ok(ending)
    }

    /// What is still to be told, each as far as there is time.
    async fn last_words(&self) {
        let ledger = &self.engine.ledger;
        let flush = async {
            if let Err(error) = self.relay.flush(LAST_WORDS).await {
                warn!("not everything was told before the end: {}; another relay will", Chain(&error));
            }
        };
        let leave = async {
            let left = async {
                ledger.leave(self.worker()).await?;
                ledger.anchor(Duration::ZERO).await
            };
            match tokio::time::timeout(LAST_WORDS, left).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => warn!("the ledger was not told of the end: {}", Chain(&error)),
                Err(_) => warn!("the ledger did not answer before the end"),
            }
        };
        tokio::join!(flush, leave);
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
}
