//! Who answers, and what does it run? Nothing is sent to a box that is not the one the job is for.

use common::audit::AuditAction;
use common::domain::status::Phase;
use serde_json::json;

use super::Attempt;
use crate::error::StepError;

/// Compares the serial that answers with the job's, and takes over version and boot time.
///
/// # Errors
/// [`StepError::WrongDevice`] when an address was given to another box; what the call may meet.
pub(super) async fn run(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
    attempt.safe_point()?;
    let info = attempt.client.system_info().await?;
    let expected = attempt.job.device.device.serial.as_str();
    let found = info.serial.as_deref().unwrap_or("without a serial");
    if found != expected {
        return Err(StepError::WrongDevice {
            host: attempt.client.endpoint().to_string(),
            expected: expected.to_owned(),
            // A serial has 12 or 15 digits; what answers here may be anything.
            found: found.chars().take(40).collect(),
        });
    }
    let now_s = attempt.context.clock.now().as_second();
    let uptime_s = i64::try_from(info.uptime.as_secs()).unwrap_or(i64::MAX);
    attempt.booted_at_s = now_s.saturating_sub(uptime_s);

    let journal = &mut *attempt.journal;
    journal.audit(
        AuditAction::DeviceIdentified,
        json!({
            "address": attempt.client.endpoint().to_string(),
            "serial": expected,
            "hostname": info.hostname,
            "model": info.model,
            "sw_version": info.sw_version,
            "uptime_s": uptime_s,
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
