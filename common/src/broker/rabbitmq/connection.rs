//! One connection that is there when asked for, with the topology declared on it.
//!
//! Guarantees: whoever asks gets a connection that was alive a moment ago, or an error within [`REACH_WITHIN`];
//! callers that ask together wait for one try, not for several. A connection on which anything went wrong is
//! given up as a whole, by all who use it: half-dead ones show no error (a blocked one hangs, a cancelled consumer
//! is silent), so nobody tries to tell which part still works.
//!
//! The library's automatic recovery stays off: after a channel error its consumers stay silent for ever, and after
//! a reconnect they deliver again without a sign (measured with lapin 4.12.3).
//!
//! Leaves to others: trying again ([`reattach`](super::reattach)), and every channel.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicQosOptions, ConfirmSelectOptions};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::{Channel, Connection, ConnectionProperties, ErrorKind};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::address::Address;
use super::declare::{self, DeclareError, Unreachable};
use crate::broker::BrokerError;

/// Longest time for TCP, TLS and login. RabbitMQ itself gives up a handshake after 10 s (`handshake_timeout`).
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Longest time until a connection is there: connecting, and then declaring about a dozen things, each of which
/// a cluster has to agree on.
const REACH_WITHIN: Duration = Duration::from_secs(20);

/// Longest wait for the answer to one call. Milliseconds as a rule; a cluster that elects a leader takes seconds.
pub(super) const CALL_WITHIN: Duration = Duration::from_secs(5);

/// Why a call to the broker did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// No answer in time.
    #[error("{call}: no answer within {} s", .within.as_secs())]
    Silent { call: &'static str, within: Duration },
    /// The library or the broker said no.
    #[error("{call}: {error}")]
    Failed { call: &'static str, error: lapin::Error },
}

impl CallError {
    /// What the broker refused, if it was the broker.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Silent { .. } => None,
            Self::Failed { error, .. } => Refusal::of(error),
        }
    }
}

impl From<CallError> for BrokerError {
    fn from(error: CallError) -> Self {
        Self::Lost { reason: error.to_string() }
    }
}

/// A refusal after which we do something else than after a broken connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The login is wrong, or this user may not do that.
    NotAllowed,
    /// No such exchange, queue or virtual host.
    NotFound,
    /// It exists with other arguments.
    Different,
}

impl Refusal {
    /// What a person can do.
    fn remedy(self) -> &'static str {
        match self {
            Self::NotAllowed => "this user needs a permission: deploy/rabbitmq/users gives each role its own",
            Self::NotFound => "it is made again as soon as a user connects who may, or its node is back",
            Self::Different => {
                "arguments cannot change: let its messages be consumed, delete it, and it is made anew"
            }
        }
    }

    fn of(error: &lapin::Error) -> Option<Self> {
        let ErrorKind::ProtocolError(error) = error.kind() else { return None };
        match error.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => Some(Self::NotAllowed),
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => {
                Some(Self::NotFound)
            }
            AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => Some(Self::Different),
            AMQPErrorKind::Soft(_) | AMQPErrorKind::Hard(_) => None,
        }
    }
}

/// Awaits one call to the broker, for at most `within`.
pub(super) async fn answered<T>(
    call: &'static str,
    within: Duration,
    asked: impl Future<Output = lapin::Result<T>>,
) -> Result<T, CallError> {
    match timeout(within, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(CallError::Failed { call, error }),
        Err(_) => Err(CallError::Silent { call, within }),
    }
}

/// A connection. It closes when the last one who uses it lets go.
pub(super) struct Live {
    connection: Connection,
    given_up: CancellationToken,
}

impl Live {
    /// Something went wrong on it: all who use it shall leave it.
    pub(super) fn give_up(&self) {
        self.given_up.cancel();
    }

    /// Ends when somebody has given it up.
    pub(super) async fn is_given_up(&self) {
        self.given_up.cancelled().await;
    }

    /// The broker reads nothing from it, because it is short of memory or disk (its documentation, "Alarms").
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Whether nobody has given it up, and it stands.
    pub(super) fn is_usable(&self) -> bool {
        !self.given_up.is_cancelled() && self.connection.status().connected()
    }

    /// A channel.
    pub(super) async fn channel(&self) -> Result<Channel, CallError> {
        answered("channel.open", CALL_WITHIN, self.connection.create_channel()).await
    }

    /// A channel whose publishes are confirmed.
    pub(super) async fn confirming_channel(&self) -> Result<Channel, CallError> {
        let channel = self.channel().await?;
        let select = channel.confirm_select(ConfirmSelectOptions::default());
        answered("confirm.select", CALL_WITHIN, select).await?;
        Ok(channel)
    }

    /// A channel that hands out at most `prefetch` unsettled deliveries per consumer. Not per channel: quorum
    /// queues refuse that from RabbitMQ 4.3 on (its release notes).
    pub(super) async fn consuming_channel(&self, prefetch: u16) -> Result<Channel, CallError> {
        let channel = self.channel().await?;
        let qos = channel.basic_qos(prefetch, BasicQosOptions { global: false });
        answered("basic.qos", CALL_WITHIN, qos).await?;
        Ok(channel)
    }
}

/// What a connection is for. A process has one for each: publishers may be blocked, consumers never are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Publishing.
    Publish,
    /// Consuming, and short questions.
    Consume,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Consume => "consume",
        }
    }
}

/// Who only wants to know waits no longer for a lock that is held while connecting.
const GLANCE: Duration = Duration::from_millis(100);

/// The connection of one purpose, made when it is first needed and again when it was lost.
pub(super) struct Link {
    address: Arc<Address>,
    purpose: Purpose,
    /// Held while connecting, on purpose: who comes meanwhile wants that very connection.
    current: Mutex<Option<Arc<Live>>>,
}

impl Link {
    pub(super) fn new(address: Arc<Address>, purpose: Purpose) -> Self {
        Self { address, purpose, current: Mutex::new(None) }
    }

    /// The connection, where there is one that works as far as anybody knows. Makes none; while one is being made there
    /// is none.
    pub(super) async fn live(&self) -> Option<Arc<Live>> {
        let current = timeout(GLANCE, self.current.lock()).await.ok()?;
        current.as_ref().filter(|live| live.is_usable()).cloned()
    }

    /// A connection that works as far as anybody knows, with the topology in place.
    ///
    /// # Errors
    /// [`BrokerError::NotReachable`], [`BrokerError::Topology`]; [`BrokerError::Closed`] for a refused login.
    pub(super) async fn reach(&self) -> Result<Arc<Live>, BrokerError> {
        let reach = async {
            let mut current = self.current.lock().await;
            if let Some(live) = current.as_ref().filter(|live| live.is_usable()) {
                return Ok(Arc::clone(live));
            }
            *current = None;
            let live = Arc::new(self.connect().await?);
            self.declare_again(&live).await?;
            info!(
                purpose = self.purpose.as_str(),
                "connected to the broker at {} to {}",
                self.address,
                self.purpose.as_str()
            );
            *current = Some(Arc::clone(&live));
            Ok(live)
        };
        timeout(REACH_WITHIN, reach).await.unwrap_or_else(|_| {
            Err(self.not_reachable(format!("no connection within {} s", REACH_WITHIN.as_secs())))
        })
    }

    /// A connection of the caller's own, without the topology.
    ///
    /// # Errors
    /// As [`reach`](Self::reach), without [`BrokerError::Topology`].
    pub(super) async fn connect(&self) -> Result<Live, BrokerError> {
        let name = format!("panos-upgrade {} (process {})", self.purpose.as_str(), std::process::id());
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        match answered("connect", CONNECT_WITHIN, self.address.connect(properties)).await {
            Ok(connection) => Ok(Live { connection, given_up: CancellationToken::new() }),
            Err(error) if error.refusal() == Some(Refusal::NotAllowed) => {
                let reason = format!("{}: {error} ({})", self.address, self.address.login());
                Err(BrokerError::Closed { reason })
            }
            Err(CallError::Failed { error, .. }) if let Some(reason) = self.address.distrust(&error) => {
                Err(self.not_reachable(reason))
            }
            Err(error) => Err(self.not_reachable(error.to_string())),
        }
    }

    /// Keeps no connection that was given up: it closes with the last who lets go, and the broker takes back what was
    /// in hand there. Whoever holds the lock is about to do the same.
    pub(super) fn let_go(&self) {
        if let Ok(mut current) = self.current.try_lock()
            && current.as_ref().is_some_and(|live| !live.is_usable())
        {
            *current = None;
        }
    }

    /// After a reconnect the broker may be another one, or the same with an empty disk. A worker's user may not
    /// be allowed to make queues; then somebody else has made them.
    pub(super) async fn declare_again(&self, live: &Live) -> Result<(), BrokerError> {
        match declare::everything(live, Unreachable::LeaveOut).await {
            Err(DeclareError { error, name }) if error.refusal() == Some(Refusal::NotAllowed) => {
                debug!("the broker at {} lets others make `{name}`", self.address);
                Ok(())
            }
            Err(failed) => Err(self.failed(live, failed.name, &failed.error)),
            Ok(()) => Ok(()),
        }
    }

    /// What it means that `queue` could not be consumed. One that is missing is made again for the next try.
    pub(super) async fn not_consumed(&self, live: &Live, queue: &str, error: &CallError) -> BrokerError {
        if error.refusal() == Some(Refusal::NotFound)
            && let Err(error) = self.declare_again(live).await
        {
            return error;
        }
        self.failed(live, queue, error)
    }

    /// What a failed call on the exchange or queue `name` means to a caller. A refusal cost only its channel;
    /// after anything else the connection is given up.
    pub(super) fn failed(&self, live: &Live, name: &str, error: &CallError) -> BrokerError {
        match error.refusal() {
            Some(refusal) => {
                let reason = format!("{error} ({})", refusal.remedy());
                BrokerError::Topology { name: name.to_owned(), reason }
            }
            None => {
                live.give_up();
                self.not_reachable(error.to_string())
            }
        }
    }

    pub(super) fn not_reachable(&self, reason: String) -> BrokerError {
        BrokerError::NotReachable { location: self.address.to_string(), reason }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }
}
