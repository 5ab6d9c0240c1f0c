//! A device that gives no usable answer while it is being worked on: wait it out, then see who it is and whether it
//! has booted.
//!
//! Promises: within `download.silence_timeout` a silence costs no attempt. What a booting device answers to a log-in
//! is refused for a while (pan-os-python, `syncjob` and `syncreboot`), so the key at hand is tried at growing
//! pauses and a new one is asked for three times at most: twice some minutes after the first refusal, for a key that
//! ended without a boot and because a refused request for a key leaves none to try, and once at the very end, whose
//! refusal is an honest one, and the only one that counts for the breaker. While the fleet is held because log-ins are
//! refused there is no new one: the job is handed back.
//!
//! Leaves to others: what a boot means for a download ([`super::download`]).

use std::time::Duration;

use common::audit::AuditAction;
use common::domain::hold::HoldCause;
use common::events::JobEvent;
use panos::{Advice, Client, PanosError, Phase, Refusal, SystemInfo};
use serde_json::json;
use tokio::time::Instant;
use tracing::info;

use super::attempt::Attempt;
use super::identify;
use crate::error::StepError;

/// Refusals of the key at hand after which a new one is asked for: with the default pace some three minutes after the
/// first, when the authentication of a device that has booted is usually up.
const REFUSALS_BEFORE_LOGIN: u32 = 3;

/// New keys that are asked for before the very end.
const LOG_INS_BEFORE_END: u32 = 2;

/// Times the pause between two refusals is doubled at most.
const MOST_DOUBLINGS: u32 = 6;

/// Silences of one question after which it is given up: a device that tells who it is and nothing else is not booting.
pub(super) const MOST_SILENCES: u32 = 3;

/// Whether the device came back in the life it was in before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Boot {
    /// It has not booted: its jobs are what they were.
    Same,
    /// It has: the numbers of its jobs mean nothing any more.
    New,
}

/// One silence, from its first sign to its end.
#[derive(Debug)]
pub(super) struct Silence {
    began: Instant,
    /// What came instead of answers, in the order in which each was first met.
    signs: Vec<&'static str>,
    n_refused: u32,
    /// New keys that were asked for.
    n_log_ins: u32,
    lasted: Duration,
}

/// Asks a question that must not cost a log-in, because the device may be booting. A key is made only where none was
/// yet, as in a process that takes a job over, and where one ran out while the device was well.
pub(super) async fn quietly<T, A>(attempt: &Attempt<'_>, ask: impl Fn(Client) -> A) -> Result<T, PanosError>
where
    A: Future<Output = Result<T, PanosError>>,
{
    match ask(attempt.client.without_rekey()).await {
        Err(error) if needs_key(&error) => ask(attempt.client.clone()).await,
        answer => answer,
    }
}

/// Asks what comes before a download. Where one of this job may be running already, silences are waited out as they are
/// in the download itself; elsewhere they are left to the next attempt.
///
/// # Errors
/// What the question may meet; as for [`survive`].
pub(super) async fn through<T, A>(
    attempt: &mut Attempt<'_>,
    ask: impl Fn(Client) -> A,
) -> Result<T, StepError>
where
    A: Future<Output = Result<T, PanosError>>,
{
    let mut n_silences = 0;
    while attempt.has_underway() {
        match quietly(attempt, &ask).await {
            Err(error) if error.may_be_boot() && n_silences < MOST_SILENCES => {
                n_silences += 1;
                survive(attempt, error).await?;
            }
            answer => return Ok(answer?),
        }
    }
    Ok(ask(attempt.client.clone()).await?)
}

/// Waits until the device answers again, after `error`, and tells whether it has booted. The silence is written down.
///
/// # Errors
/// As for [`outlast`] and [`identify::again`].
pub(super) async fn survive(attempt: &mut Attempt<'_>, error: PanosError) -> Result<Boot, StepError> {
    let (info, silence) = outlast(attempt, error).await?;
    identify::again(attempt, &info, silence).await
}

/// Asks who is there until somebody answers.
///
/// # Errors
/// [`StepError::Silent`] when nobody did in time; the device's own refusal when it refuses the log-in to the end,
/// [`StepError::Held`] when log-ins are refused everywhere, and anything that no boot explains.
pub(super) async fn outlast(
    attempt: &Attempt<'_>,
    first: PanosError,
) -> Result<(SystemInfo, Silence), StepError> {
    let limit = attempt.context.patience.silence;
    let mut silence = Silence::new(&first);
    let mut last = first;
    let info = loop {
        let left = limit.saturating_sub(silence.began.elapsed());
        if left.is_zero() {
            break last_word(attempt, last, limit).await?;
        }
        attempt.wait(silence.pause(attempt, &last).min(left)).await?;
        let answer = if is_login_refusal(&last) && silence.is_time_for_a_log_in() {
            silence.n_log_ins += 1;
            log_in_anew(attempt).await?
        } else {
            quietly(attempt, |client| async move { client.system_info().await }).await
        };
        match answer {
            Ok(info) => break info,
            Err(error) if error.may_be_boot() => {
                silence.note_sign(&error);
                last = error;
            }
            Err(error) => return Err(error.into()),
        }
    };
    silence.lasted = silence.began.elapsed();
    Ok((info, silence))
}

/// The time is up. Only a refused log-in is asked about once more, this time with a new key.
async fn last_word(
    attempt: &Attempt<'_>,
    last: PanosError,
    limit: Duration,
) -> Result<SystemInfo, StepError> {
    if !is_login_refusal(&last) {
        return Err(StepError::Silent { for_s: limit.as_secs(), last });
    }
    let answer = log_in_anew(attempt).await?;
    if answer.as_ref().is_err_and(is_login_refusal) {
        let serial = &attempt.job.device.device.serial;
        attempt.asking(|| attempt.context.gate.refused(serial)).await?;
    }
    Ok(answer?)
}

/// Asks with a new key, where the present one is refused, unless that is so everywhere. The inner error is the device's.
async fn log_in_anew(attempt: &Attempt<'_>) -> Result<Result<SystemInfo, PanosError>, StepError> {
    let context = attempt.context;
    match attempt.asking(|| context.ledger.hold()).await? {
        Some(hold) if hold.cause == HoldCause::Credentials => {
            context.gate.shut(&hold);
            Err(StepError::Held)
        }
        Some(_) | None => Ok(attempt.client.system_info().await),
    }
}

/// Whether a device refused user, password or key, for whatever reason.
pub(super) fn is_login_refusal(error: &PanosError) -> bool {
    // A session that ended is no refusal: somebody else uses the same account, which is good.
    error.refusal().is_some_and(|refusal| {
        refusal.advice() == Advice::Reauthenticate && *refusal != Refusal::SessionTimedOut
    })
}

/// Whether there is no key at hand, or it came to its end on a device that is well: a booting one says neither.
fn needs_key(error: &PanosError) -> bool {
    match error {
        PanosError::Setup { .. } => true,
        PanosError::Refused { refusal, .. } => {
            matches!(refusal, Refusal::KeyExpired | Refusal::SessionTimedOut)
        }
        PanosError::NoAnswer { .. }
        | PanosError::Tls { .. }
        | PanosError::UnexpectedAnswer { .. }
        | PanosError::TooLarge { .. } => false,
    }
}

impl Silence {
    fn new(first: &PanosError) -> Self {
        let mut silence = Self {
            began: Instant::now(),
            signs: Vec::new(),
            n_refused: 0,
            n_log_ins: 0,
            lasted: Duration::ZERO,
        };
        silence.note_sign(first);
        silence
    }

    fn note_sign(&mut self, error: &PanosError) {
        if is_login_refusal(error) {
            self.n_refused += 1;
        }
        let sign = sign(error);
        if !self.signs.contains(&sign) {
            self.signs.push(sign);
        }
    }

    fn is_time_for_a_log_in(&self) -> bool {
        self.n_refused >= REFUSALS_BEFORE_LOGIN && self.n_log_ins < LOG_INS_BEFORE_END
    }

    /// Slow, and slower with every refusal.
    fn pause(&self, attempt: &Attempt<'_>, last: &PanosError) -> Duration {
        let pause = attempt.context.pace.slow(rand::random());
        if is_login_refusal(last) {
            pause * (1 << self.n_refused.saturating_sub(1).min(MOST_DOUBLINGS))
        } else {
            pause
        }
    }

    /// Puts the silence into trail and feed, with the next write.
    pub(super) fn note(self, attempt: &mut Attempt<'_>, boot: Option<Boot>) {
        let since_s = self.lasted.as_secs();
        let signs = self.signs.join(", ");
        let after = match boot {
            Some(Boot::New) => "; it has booted since",
            Some(Boot::Same) => "; it has not booted",
            None => "",
        };
        let message = format!("no usable answer for {since_s} s ({signs}){after}");
        info!("{}: {message}", attempt.job.device.device.serial);
        attempt.journal.audit(
            AuditAction::DeviceSilent,
            json!({
                "silent_for_s": since_s,
                "signs": self.signs,
                "booted": boot.map(|boot| boot == Boot::New),
                "booted_at_s": attempt.booted_at_s,
            }),
        );
        attempt.journal.event(JobEvent::DeviceSilent { since_s, message });
    }
}

/// What came instead of an answer, in a few words.
fn sign(error: &PanosError) -> &'static str {
    match error {
        PanosError::NoAnswer { phase: Phase::Connect, .. } => "no connection",
        PanosError::NoAnswer { phase: Phase::Answer, .. } => "no answer",
        PanosError::Refused { .. } if is_login_refusal(error) => "log-in refused",
        PanosError::Refused { .. } => "refused",
        PanosError::UnexpectedAnswer { .. } => "unusable answer",
        PanosError::TooLarge { .. } => "answer too large",
        PanosError::Tls { .. } => "no trusted connection",
        PanosError::Setup { .. } => "not asked",
    }
}
