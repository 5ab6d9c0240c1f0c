//! Who we are to a device, and the API key that proves it.
//!
//! Promises: one `keygen` per device and user at a time, whose key every caller then shares; a refused
//! `keygen` is never repeated by itself. This matters twice: a second key ends the user's other sessions
//! (usage guide 9.1), and repeated wrong passwords lock an administrator out.
//!
//! Leaves to others: when a key is no longer good ([`client`](crate::client)), and breakers over a fleet.

use crate::client::Client;
use crate::commands::Command;
use crate::endpoint::Endpoint;
use crate::envelope::Missing;
use crate::error::PanosError;
use crate::transport::Sent;
use crate::xml::Element;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a device is to be convinced with. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A key made before. When it is refused, nothing can replace it.
    ApiKey(SecretString),
    /// A login from which a key is made once, and again when the key is no longer good.
    Password {
        /// The administrator's name.
        username: String,
        /// The administrator's password.
        password: SecretString,
    },
}

/// The keys that were made so far, per device and user. Clones share them.
///
/// Give every [`Client`] of a process the same one, and a device sees one `keygen` however
/// many clients come and go.
#[derive(Clone, Default)]
pub struct KeyCache(Arc<Mutex<Slots>>);

type Slots = HashMap<(Endpoint, String), Arc<Slot>>;

impl KeyCache {
    /// A cache that knows no key.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key at hand for a user of a device. None as well while one is being made.
    pub fn key(&self, endpoint: &Endpoint, username: &str) -> Option<SecretString> {
        let slot = self.slot(endpoint, username);
        let made = slot.made.try_lock().ok()?;
        made.key.clone()
    }

    /// Takes over a key that was made elsewhere, as by an earlier process. Waits while one is being made.
    pub async fn insert(&self, endpoint: &Endpoint, username: &str, key: SecretString) {
        let slot = self.slot(endpoint, username);
        let mut made = slot.made.lock().await;
        slot.next_round();
        *made = Made { key: Some(key), denial: None };
    }

    /// Forgets the keys of a device, as after its administrator was changed.
    pub fn forget(&self, endpoint: &Endpoint) {
        self.slots().retain(|(known, _), _| known != endpoint);
    }

    pub(crate) fn slot(&self, endpoint: &Endpoint, username: &str) -> Arc<Slot> {
        self.slots().entry((endpoint.clone(), username.to_owned())).or_default().clone()
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCache({} devices)", self.slots().len())
    }
}

/// The key of one user of one device. Locked while a key is being made, on purpose: whoever else needs
/// one waits for it instead of asking for another. The wait is bounded by the transport's time limit.
#[derive(Default)]
pub(crate) struct Slot {
    made: tokio::sync::Mutex<Made>,
    /// Counts what happened to the key, so that a caller knows whether it changed while they waited.
    /// Written under the lock only; read without it by who only remembers where a call began.
    round: AtomicU64,
}

#[derive(Default)]
struct Made {
    key: Option<SecretString>,
    /// Why the last attempt gave no key.
    denial: Option<Denial>,
}

impl Slot {
    fn round(&self) -> u64 {
        self.round.load(Ordering::Acquire)
    }

    fn next_round(&self) {
        self.round.fetch_add(1, Ordering::AcqRel);
    }
}

#[derive(Clone)]
struct Denial {
    refusal: crate::Refusal,
    message: String,
}

/// A key to call with.
pub(crate) struct Held {
    pub(crate) key: SecretString,
    /// The round it is of; none for a configured key.
    round: Option<u64>,
    /// Whether another may be made in its place. Not for one made during this very call: if even this one
    /// is refused, the next would be, too.
    renewable: bool,
}

impl Held {
    /// The same key, which is not renewed.
    pub(crate) fn kept(self) -> Self {
        Self { renewable: false, ..self }
    }

    /// Whether a new key is allowed in its place.
    pub(crate) fn may_be_renewed(&self) -> bool {
        self.renewable
    }
}

impl Client {
    /// The round at the beginning of a call; what is decided later in the call by others counts for it.
    pub(crate) fn key_round(&self) -> u64 {
        match &self.credentials {
            Credentials::ApiKey(_) => 0,
            Credentials::Password { username, .. } => self.keys.slot(&self.endpoint, username).round(),
        }
    }

    /// The key at hand, made now if there is none.
    pub(crate) async fn key(&self, seen: u64) -> Result<Held, PanosError> {
        let (username, password) = match &self.credentials {
            Credentials::ApiKey(key) => return Ok(Held { key: key.clone(), round: None, renewable: false }),
            Credentials::Password { username, password } => (username, password),
        };
        let slot = self.keys.slot(&self.endpoint, username);
        let mut made = slot.made.lock().await;
        if let Some(key) = &made.key {
            return Ok(Held { key: key.clone(), round: Some(slot.round()), renewable: true });
        }
        self.make_key(&slot, &mut made, seen, username, password).await
    }

    /// The key at hand, and none made: what was denied to somebody is denied to this call, too.
    pub(crate) async fn key_at_hand(&self, command: &Command) -> Result<Held, PanosError> {
        let username = match &self.credentials {
            Credentials::ApiKey(key) => return Ok(Held { key: key.clone(), round: None, renewable: false }),
            Credentials::Password { username, .. } => username,
        };
        let slot = self.keys.slot(&self.endpoint, username);
        let made = slot.made.lock().await;
        match (&made.key, &made.denial) {
            (Some(key), _) => Ok(Held { key: key.clone(), round: Some(slot.round()), renewable: false }),
            (None, Some(denial)) => Err(self.denied(denial)),
            (None, None) => Err(PanosError::Setup {
                problem: format!(
                    "{}: no API key at hand for `{}`, and this call makes none",
                    self.endpoint, command.name
                ),
            }),
        }
    }

    fn denied(&self, denial: &Denial) -> PanosError {
        PanosError::Refused {
            host: self.endpoint.to_string(),
            command: KEYGEN.name,
            refusal: denial.refusal.clone(),
            message: denial.message.clone(),
        }
    }

    /// Another key than `refused`: one that somebody made meanwhile, else a new one.
    pub(crate) async fn renewed_key(&self, refused: &Held, seen: u64) -> Result<Held, PanosError> {
        let Credentials::Password { username, password } = &self.credentials else {
            return Ok(Held { key: refused.key.clone(), round: None, renewable: false });
        };
        let slot = self.keys.slot(&self.endpoint, username);
        let mut made = slot.made.lock().await;
        match &made.key {
            Some(key) if Some(slot.round()) != refused.round => {
                return Ok(Held { key: key.clone(), round: Some(slot.round()), renewable: false });
            }
            Some(_) => made.key = None,
            None => {}
        }
        self.make_key(&slot, &mut made, seen, username, password).await
    }

    /// One `keygen`, unless one was denied after this call began (`seen`): then that denial is the answer.
    async fn make_key(
        &self,
        slot: &Slot,
        made: &mut Made,
        seen: u64,
        username: &str,
        password: &SecretString,
    ) -> Result<Held, PanosError> {
        if let (Some(denial), true) = (&made.denial, slot.round() > seen) {
            return Err(self.denied(denial));
        }
        let form = [("type", "keygen"), ("user", username), ("password", password.expose_secret())];
        let outcome = self.exchange(&KEYGEN, &Sent::Form(&form), None, self.reading(&KEYGEN), read_key).await;
        match outcome {
            Ok(key) => {
                slot.next_round();
                made.denial = None;
                made.key = Some(key.clone());
                Ok(Held { key, round: Some(slot.round()), renewable: false })
            }
            Err(error) => {
                if let PanosError::Refused { refusal, message, .. } = &error {
                    slot.next_round();
                    made.denial = Some(Denial { refusal: refusal.clone(), message: message.clone() });
                }
                Err(error)
            }
        }
    }
}

/// Its answer is never quoted: it may hold a key that nobody knows yet.
pub(crate) const KEYGEN: Command = Command { quotable: false, ..Command::ordinary("keygen") };

/// The key of a `keygen` answer. Current systems write `status = 'success'`: recorded, AWS-GWLB issue 20.
fn read_key(response: &Element) -> Result<SecretString, Missing> {
    let key = response.at(&["result"]).and_then(|result| result.value("key"));
    let key = key.ok_or_else(|| Missing::element("result/key"))?;
    if HeaderValue::from_str(key).is_err() {
        return Err(Missing("a key that fits into an HTTP header".to_owned()));
    }
    Ok(SecretString::from(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{missing, read_both};

    fn exposed(response: &Element) -> Result<String, Missing> {
        read_key(response).map(|key| key.expose_secret().to_owned())
    }

    #[test]
    fn a_key_is_read_from_current_and_from_documented_replies() {
        let key = "LUFRPT1RVhBTVBMRS1PTkxZLWludmVudGVkLWtleS1mb3ItZml4dHVyZXMtMDAwMDAwMDAwMDAx";
        let current = format!("<response status = 'success'><result><key>{key}</key></result></response>");
        // Usage guide 9.1.
        let documented = format!(
            "<response status=\"success\">\n  <result>\n    <key>{key}==</key>\n  </result>\n</response>"
        );
        assert_eq!(read_both(&current, exposed), Ok(key.to_owned()));
        assert_eq!(read_both(&documented, exposed), Ok(format!("{key}==")));
        let long = "k".repeat(4_000);
        let answer = format!("<response status='success'><result><key>{long}</key></result></response>");
        assert_eq!(read_both(&answer, exposed), Ok(long), "a key is never cut");
    }

    #[test]
    fn a_success_without_a_usable_key_is_unexpected() {
        for body in ["<result/>", "<result><key/></result>", "<result><key> </key></result>"] {
            let answer = format!("<response status='success'>{body}</response>");
            assert!(missing(&answer, exposed).contains("result/key"), "{body}");
        }
        let broken = "<response status='success'><result><key>a&#10;b</key></result></response>";
        assert!(missing(broken, exposed).contains("header"));
    }
}
