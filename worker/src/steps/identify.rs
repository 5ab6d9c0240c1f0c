//! Who answers, and what does it run? Nothing is sent to a box that is not the one the job is for.
//!
//! The first call of an attempt is its log-in, so it goes through the [`Gate`](crate::gate::Gate) and its answer is
//! counted there. A refusal by a device that let this job in before, or was silent to it, may belong to a boot: it
//! is waited out like any other silence, at one of the gate's few places, and counted only if it lasts. So is the silence of a device on which a download of this job
//! may be running; any other device that does not answer is left to the next attempt.

use common::audit::AuditAction;
use common::domain::failure::FailureKind;
use common::domain::status::Phase;
use panos::{PanosError, SystemInfo};
use serde_json::json;

use super::attempt::{Attempt, is_one_boot};
use super::silence::{self, Boot, Silence, is_login_refusal};
use crate::error::StepError;
use crate::gate::{Pass, Shut};

/// Compares the serial that answers with the job's, and takes over version and boot time.
///
/// # Errors
/// [`StepError::WrongDevice`] when an address was given to another box; [`StepError::Held`] when the fleet was held
/// before a log-in; what the call may meet.
pub(super) async fn run(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
    attempt.safe_point()?;
    let (info, silence) = match log_in(attempt).await? {
        LogIn::Accepted(info) => (info, None),
        LogIn::Silent(error, pass) => {
            let (info, silence) = silence::outlast(attempt, error).await?;
            if let Some(pass) = pass {
                pass.accepted().await;
            }
            (info, Some(silence))
        }
    };
    check_serial(attempt, &info)?;
    attempt.booted_at_s = booted_at_s(attempt, &info);
    if let Some(silence) = silence {
        silence.note(attempt, None);
    }

    let journal = &mut *attempt.journal;
    journal.audit(
        AuditAction::DeviceIdentified,
        json!({
            "address": attempt.client.endpoint().to_string(),
            "serial": attempt.job.device.device.serial,
            "hostname": info.hostname,
            "model": info.model,
            "sw_version": info.sw_version,
            "uptime_s": info.uptime.as_secs(),
        }),
    );
    if attempt.job.status.is_none() {
        journal.status_mut().starting_version.clone_from(&info.sw_version);
    }
    journal.status_mut().current_version.clone_from(&info.sw_version);
    journal.status_mut().hostname.clone_from(&info.hostname);
    journal.at(Phase::SoftwareCheck, 2, format!("runs {}; asking what it can have", info.sw_version));
    Ok(journal.write().await?)
}

/// Looks again who answers, after a silence.
///
/// # Errors
/// [`StepError::WrongDevice`]; [`StepError::Busy`] when it runs another version than the plan was made for: the
/// next attempt plans anew.
pub(super) async fn again(
    attempt: &mut Attempt<'_>,
    info: &SystemInfo,
    silence: Silence,
) -> Result<Boot, StepError> {
    check_serial(attempt, info)?;
    let booted_at_s = booted_at_s(attempt, info);
    let boot = if is_one_boot(booted_at_s, attempt.booted_at_s) { Boot::Same } else { Boot::New };
    if boot == Boot::New {
        attempt.booted_at_s = booted_at_s;
    }
    silence.note(attempt, Some(boot));
    let planned_for = attempt.journal.status().current_version.clone();
    attempt.journal.write().await?;
    if info.sw_version == planned_for {
        Ok(boot)
    } else {
        let with = format!(
            "somebody else's upgrade: it runs {} now, planned was for {planned_for}",
            info.sw_version
        );
        Err(StepError::Busy { with })
    }
}

/// What came of the first call.
enum LogIn<'a> {
    Accepted(SystemInfo),
    /// An error that may belong to a boot, and is worth waiting for; with the pass, where it is a refusal.
    Silent(PanosError, Option<Pass<'a>>),
}

async fn log_in<'a>(attempt: &Attempt<'a>) -> Result<LogIn<'a>, StepError> {
    let gate = &attempt.context.gate;
    let mut pass = attempt.unless_stopped(gate.enter()).await?.map_err(|Shut| StepError::Held)?;
    attempt.safe_point()?;
    match attempt.client.system_info().await {
        Ok(info) => {
            pass.accepted().await;
            Ok(LogIn::Accepted(info))
        }
        Err(error) if is_login_refusal(&error) && was_let_in(attempt) => {
            pass.doubted();
            Ok(LogIn::Silent(error, Some(pass)))
        }
        Err(error) if is_login_refusal(&error) => {
            attempt.asking(|| pass.refused(&attempt.job.device.device.serial)).await?;
            Err(error.into())
        }
        Err(error) if error.may_be_boot() && takes_over(attempt) => Ok(LogIn::Silent(error, None)),
        Err(error) => Err(error.into()),
    }
}

/// Whether the device let this job in before, or was silent to it when it tried last.
fn was_let_in(attempt: &Attempt<'_>) -> bool {
    !attempt.job.images.is_empty() || was_silent(attempt)
}

/// Whether a download may be running that another worker began. One that was given up as silent is no longer waited for.
fn takes_over(attempt: &Attempt<'_>) -> bool {
    attempt.has_underway() && !was_silent(attempt)
}

/// Whether the last attempt found nobody. The document keeps that failure for good, but says it as its message only
/// until something else has happened to the job: a step of a later attempt, or the loss of its worker.
fn was_silent(attempt: &Attempt<'_>) -> bool {
    let Some(status) = &attempt.job.status else { return false };
    let last = status.errors.last();
    last.is_some_and(|error| {
        error.kind == FailureKind::Unreachable && error.message == status.upgrade_message
    })
}

fn check_serial(attempt: &Attempt<'_>, info: &SystemInfo) -> Result<(), StepError> {
    let expected = attempt.job.device.device.serial.as_str();
    let found = info.serial.as_deref().unwrap_or("without a serial");
    if found == expected {
        return Ok(());
    }
    Err(StepError::WrongDevice {
        host: attempt.client.endpoint().to_string(),
        expected: expected.to_owned(),
        // A serial has 12 or 15 digits; what answers here may be anything.
        found: found.chars().take(40).collect(),
    })
}

fn booted_at_s(attempt: &Attempt<'_>, info: &SystemInfo) -> i64 {
    let uptime_s = i64::try_from(info.uptime.as_secs()).unwrap_or(i64::MAX);
    attempt.context.clock.now().as_second().saturating_sub(uptime_s)
}
