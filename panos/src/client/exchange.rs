//! One request and its answer: timed, told to the observer, read within its limits, in the words of our errors.
//!
//! Promises: the key is in a header that no log prints, and in nothing that comes back; a long answer keeps no other
//! call waiting. Leaves to others: which key, and whether to ask again ([`Client`]).

use super::Client;
use crate::call::{Call, CallResult, TRACE_TARGET};
use crate::commands::Command;
use crate::envelope::{self, Fault, Missing, Reading};
use crate::error::PanosError;
use crate::redact::REDACTED;
use crate::transport::{Failure, Reply, Sent};
use crate::xml::Element;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, debug, info_span};

/// Longer answers are parsed on a thread for blocking work: a fleet's device list takes tenths of a second.
const PARSE_ELSEWHERE_BYTES: usize = 256 * 1024;

/// A reader of answers: a function of `commands/`. Named once instead of in five signatures.
pub(crate) trait Read<T>: Fn(&Element) -> Result<T, Missing> + Clone + Send + 'static {}

impl<T, F: Fn(&Element) -> Result<T, Missing> + Clone + Send + 'static> Read<T> for F {}

impl Client {
    /// One request and its answer, with the words for what went wrong.
    pub(crate) async fn exchange<T: Send + 'static>(
        &self,
        command: &Command,
        sent: &Sent<'_>,
        key: Option<&SecretString>,
        reading: Reading,
        read: impl Read<T>,
    ) -> Result<T, PanosError> {
        let header = key.map(header_value).transpose()?;
        let started = Instant::now();
        let span = info_span!(
            target: TRACE_TARGET,
            "device_call",
            otel.name = command.name,
            otel.kind = "client",
            result = Empty
        );
        let exchange = async {
            match self.transport.post(&self.endpoint, header.as_ref(), sent, command.patience).await {
                Ok(reply) => self.read(command, without(reply, key), reading, read).await,
                Err(failure) => Err(self.failed(command, failure)),
            }
        };
        let outcome = exchange.instrument(span.clone()).await;
        let call = Call { command: command.name, result: CallResult::of(&outcome), took: started.elapsed() };
        span.record("result", call.result.as_str());
        if let Some(observer) = &self.observer {
            observer(&call);
        }
        debug!(
            device.host = %self.endpoint,
            device.target = self.target(),
            command = command.name,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            answered = outcome.is_ok(),
            "called a device"
        );
        outcome
    }

    async fn read<T: Send + 'static>(
        &self,
        command: &Command,
        reply: Reply,
        reading: Reading,
        read: impl Read<T>,
    ) -> Result<T, PanosError> {
        let opened = if reply.body.len() < PARSE_ELSEWHERE_BYTES {
            envelope::open(&reply, &reading, read)
        } else {
            match tokio::task::spawn_blocking(move || envelope::open(&reply, &reading, read)).await {
                Ok(opened) => opened,
                Err(stopped) => match stopped.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => Err(Fault::Unexpected {
                        expected: "time to read the answer".to_owned(),
                        found: "a runtime that shuts down".to_owned(),
                    }),
                },
            }
        };
        opened.map_err(|fault| told(self.endpoint.to_string(), command, fault))
    }

    fn failed(&self, command: &Command, failure: Failure) -> PanosError {
        let (host, command) = (self.endpoint.to_string(), command.name);
        match failure {
            Failure::NoAnswer { phase, source } => PanosError::NoAnswer { host, command, phase, source },
            Failure::Tls(problem) => PanosError::Tls { host, command, problem },
            Failure::TooLarge { limit_bytes } => PanosError::TooLarge { host, command, limit_bytes },
        }
    }
}

/// The words for an answer without content.
pub(crate) fn told(host: String, command: &Command, fault: Fault) -> PanosError {
    match fault {
        Fault::Refused { refusal, message } => {
            PanosError::Refused { host, command: command.name, refusal, message }
        }
        Fault::Unexpected { expected, found } => {
            PanosError::UnexpectedAnswer { host, command: command.name, expected, found }
        }
    }
}

fn header_value(key: &SecretString) -> Result<HeaderValue, PanosError> {
    let mut value = HeaderValue::from_str(key.expose_secret().trim()).map_err(|_| PanosError::Setup {
        problem: "the API key has characters that no HTTP header can carry".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The reply without our key in it, wherever in the content it is repeated.
fn without(reply: Reply, key: Option<&SecretString>) -> Reply {
    match key.map(|key| key.expose_secret().trim()) {
        Some(key) if !key.is_empty() && reply.body.contains(key) => {
            Reply { body: reply.body.replace(key, REDACTED), ..reply }
        }
        Some(_) | None => reply,
    }
}
