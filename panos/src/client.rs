//! One device, as the commands in `commands/` see it: a call in, a typed answer or a typed error out.
//!
//! Promises: one call at a time (Panorama: as many as allowed); a key that is no longer good is replaced
//! once and the call repeated once, then the error is told; [`Client::without_rekey`] not even that.
//! Nothing else is ever repeated. Leaves to others: keys ([`key`](crate::key)), one request and its answer (`exchange`),
//! bytes ([`transport`](crate::transport)), meaning (`commands/`).

mod exchange;

pub(crate) use exchange::{Read, told};

use crate::call::Observer;
use crate::classify::{Advice, Messages, Refusal};
use crate::commands::Command;
use crate::endpoint::Endpoint;
use crate::envelope::Reading;
use crate::error::PanosError;
use crate::key::{Credentials, Held, KeyCache};
use crate::redact::Redactor;
use crate::transport::{Sent, Transport};
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::debug;

/// One firewall or Panorama.
///
/// Clones are the same device: they share the turn to call and the key.
///
/// ```
/// use panos::{Client, Credentials, Endpoint, Messages, Refusal, Transport, TransportConfig, Trust};
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), panos::PanosError> {
/// # panos::install_crypto_provider();
/// # let config = TransportConfig { trust: Trust::None, ..TransportConfig::default() };
/// let transport = Transport::new(&config)?;
/// let credentials = Credentials::ApiKey("the key".to_owned().into());
/// let full = Messages::new([("no room for image".to_owned(), Refusal::DiskFull)]);
/// let firewall = Client::new(transport, Endpoint::new("192.0.2.41", 443)?, credentials)
///     .with_messages(Arc::new(full));
/// // The same device, for polls of a job: never asks it for a new key, whatever a reboot makes it answer.
/// let poller = firewall.without_rekey();
/// assert_eq!(poller.endpoint(), firewall.endpoint());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Credentials,
    pub(crate) keys: KeyCache,
    /// Calls that may run at the endpoint at once.
    turns: Arc<Semaphore>,
    target: Option<Target>,
    pub(crate) messages: Arc<Messages>,
    observer: Option<Observer>,
    rekey: Rekey,
}

/// What a refused key leads to.
#[derive(Debug, Clone, Copy)]
enum Rekey {
    /// One new key and one repetition, where there is a password.
    Once,
    /// The first key is made; one that is refused is not renewed.
    First,
    /// Nothing.
    Never,
}

/// A firewall behind Panorama; it, too, gets one call at a time.
#[derive(Clone)]
struct Target {
    serial: String,
    turns: Arc<Semaphore>,
}

/// Held while a call runs.
struct Turn<'a> {
    _target: Option<SemaphorePermit<'a>>,
    _endpoint: SemaphorePermit<'a>,
}

impl Client {
    /// A device that is called one command at a time. Connects to nothing yet.
    pub fn new(transport: Transport, endpoint: Endpoint, credentials: Credentials) -> Self {
        Self {
            transport,
            endpoint,
            credentials,
            keys: KeyCache::new(),
            turns: Arc::new(Semaphore::new(1)),
            target: None,
            messages: Arc::default(),
            observer: None,
            rekey: Rekey::Once,
        }
    }

    /// Asks an operator's own patterns before the table what a message means.
    #[must_use]
    pub fn with_messages(self, messages: Arc<Messages>) -> Self {
        Self { messages, ..self }
    }

    /// Tells `observer` of every call when it is over, in the task that made it.
    #[must_use]
    pub fn with_observer(self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The same device, called with the key at hand only; a refusal is answered as it is.
    ///
    /// For polls of a device that may be booting: until its authentication service runs it refuses every
    /// key, and a `keygen` then would end the user's other sessions, count towards a lock-out, and be
    /// refused as well. Make the first call of a process with the client itself, so that there is a key:
    /// without any, the answer is [`PanosError::Setup`], or the refusal that the last `keygen` met.
    #[must_use]
    pub fn without_rekey(&self) -> Self {
        Self { rekey: Rekey::Never, ..self.clone() }
    }

    /// The same device, logged in to once at most: a first key is made where there is none, and one that is refused is not
    /// renewed. For a look at what a log-in comes to.
    #[must_use]
    pub fn with_one_login(&self) -> Self {
        Self { rekey: Rekey::First, ..self.clone() }
    }

    /// Uses keys that other clients of the process made, and shares its own.
    #[must_use]
    pub fn with_key_cache(self, keys: KeyCache) -> Self {
        Self { keys, ..self }
    }

    /// Allows `n` calls at once (at least one). For Panorama: the vendor asks for at most five in all.
    #[must_use]
    pub fn with_max_concurrent(self, n: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(n.clamp(1, Semaphore::MAX_PERMITS))), ..self }
    }

    /// The firewall with this serial, reached through the Panorama that this client is for.
    ///
    /// `panorama.clone().with_target(serial)` keeps sharing Panorama's limit and key. Clones of the result
    /// are the same firewall; make one per serial.
    #[must_use]
    pub fn with_target(self, serial: &str) -> Self {
        Self {
            target: Some(Target { serial: serial.to_owned(), turns: Arc::new(Semaphore::new(1)) }),
            ..self
        }
    }

    /// Where the calls go; Panorama for a firewall behind it.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The serial of the firewall behind Panorama, if the calls go there.
    pub fn target(&self) -> Option<&str> {
        self.target.as_ref().map(|target| target.serial.as_str())
    }

    /// Sends an operational command given as XML and reads its answer.
    pub(crate) async fn op<T: Send + 'static>(
        &self,
        command: &Command,
        xml: &str,
        read: impl Read<T>,
    ) -> Result<T, PanosError> {
        let mut form = vec![("type", "op"), ("cmd", xml)];
        if let Some(target) = &self.target {
            form.push(("target", &target.serial));
        }
        self.call(command, &Sent::Form(&form), read).await
    }

    /// Makes one call with a key, and a second one with a new key where the first key was the problem.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        command: &Command,
        sent: &Sent<'_>,
        read: impl Read<T>,
    ) -> Result<T, PanosError> {
        let seen = self.key_round();
        let _turn = self.turn().await;
        let held = match self.rekey {
            Rekey::Once => self.key(seen).await?,
            Rekey::First => self.key(seen).await?.kept(),
            Rekey::Never => self.key_at_hand(command).await?,
        };
        let outcome = self.attempt(command, sent, &held, read.clone()).await;
        match &outcome {
            Err(PanosError::Refused { refusal, .. })
                if asks_for_a_new_key(refusal) && held.may_be_renewed() =>
            {
                debug!(device.host = %self.endpoint, command = command.name, ?refusal, "key is no longer good");
                let renewed = self.renewed_key(&held, seen).await?;
                self.attempt(command, sent, &renewed, read).await
            }
            Ok(_) | Err(_) => outcome,
        }
    }

    async fn turn(&self) -> Turn<'_> {
        // The target first: a firewall that is busy must not hold one of Panorama's few places.
        let target = match &self.target {
            Some(target) => Some(place(&target.turns).await),
            None => None,
        };
        Turn { _target: target, _endpoint: place(&self.turns).await }
    }

    async fn attempt<T: Send + 'static>(
        &self,
        command: &Command,
        sent: &Sent<'_>,
        held: &Held,
        read: impl Read<T>,
    ) -> Result<T, PanosError> {
        let mut secrets = vec![&held.key];
        secrets.extend(self.password());
        let reading = Reading { redactor: Redactor::new(&secrets), ..self.reading(command) };
        self.exchange(command, sent, Some(&held.key), reading, read).await
    }

    /// How answers to a command are read. Knows the password; the key is added where one was sent.
    pub(crate) fn reading(&self, command: &Command) -> Reading {
        let secrets: Vec<_> = self.password().into_iter().collect();
        Reading {
            redactor: Redactor::new(&secrets),
            messages: self.messages.clone(),
            quotable: command.quotable,
            about: command.about,
        }
    }

    fn password(&self) -> Option<&SecretString> {
        match &self.credentials {
            Credentials::ApiKey(_) => None,
            Credentials::Password { password, .. } => Some(password),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.endpoint)
            .field("target", &self.target())
            .finish_non_exhaustive()
    }
}

#[expect(clippy::expect_used, reason = "nobody closes these semaphores")]
async fn place(turns: &Semaphore) -> SemaphorePermit<'_> {
    turns.acquire().await.expect("the semaphore is open")
}

fn asks_for_a_new_key(refusal: &Refusal) -> bool {
    refusal.advice() == Advice::Reauthenticate
}
