//! The only act: asks the device for an image. Noted before it leaves, and again with its answer.
//!
//! An answer that was lost or not understood leaves the image noted as asked for, because the device may have begun;
//! then looking tells, not asking again.

use common::audit::AuditAction;
use common::domain::version::Version;
use common::ledger::ImageState;
use common::report::Chain;
use panos::{DeviceJobId, PanosError, Phase, Refusal, SyncToPeer};
use serde_json::json;

use super::{Seen, look, note_start};
use crate::error::StepError;
use crate::steps::attempt::Attempt;
use crate::steps::pair::{self, Sharing};

/// Looks after a request whose answer was lost or not understood, each after a pause of so many shortest waits.
const LOOKS_AFTER_UNCLEAR: [u32; 3] = [0, 2, 4];

/// What came of a request.
pub(super) enum Asked {
    /// The device's job.
    Accepted(DeviceJobId),
    /// The answer said nothing, but the device shows what it does.
    Unclear(Seen),
}

/// Asks for an image, the first time or after the device lost it `n_lost` times.
///
/// # Errors
/// What the device refuses with; [`StepError::Busy`] while somebody else's download runs.
pub(super) async fn run(
    attempt: &mut Attempt<'_>,
    version: Version,
    n_lost: u32,
) -> Result<Asked, StepError> {
    attempt.safe_point()?;
    let sharing = pair::sharing(attempt).await?;
    match request(attempt, version, &sharing, n_lost).await? {
        Ok(device_job) => Ok(Asked::Accepted(device_job)),
        Err(error) if error.refusal() == Some(&Refusal::BusyDownload) => {
            // Perhaps somebody else has just asked for this very image.
            match look::run(attempt, version).await? {
                Seen::Absent => Err(StepError::Busy { with: "another download is in progress".to_owned() }),
                seen @ (Seen::Present(_) | Seen::Underway(_) | Seen::Ended(_)) => Ok(Asked::Unclear(seen)),
            }
        }
        Err(error) if is_unclear(&error) => found(attempt, version, error).await,
        Err(error) => Err(error.into()),
    }
}

/// Notes, sends, notes: nothing but the loss of the lease cuts it in the middle.
async fn request(
    attempt: &mut Attempt<'_>,
    version: Version,
    sharing: &Sharing,
    n_lost: u32,
) -> Result<Result<DeviceJobId, PanosError>, StepError> {
    let acting = attempt.acting;
    let _whole = acting.enter();
    attempt.put_state(version, ImageState::Requested, None);
    let mut detail =
        json!({ "version": version.to_string(), "sync_to_peer": sharing.to_peer == SyncToPeer::Yes });
    if let Some(because) = &sharing.because {
        detail["because"] = json!(because);
    }
    if n_lost > 0 {
        detail["lost_by_device"] = json!(n_lost);
    }
    attempt.journal.audit(AuditAction::DownloadRequested, detail);
    attempt.journal.write().await?;
    attempt.hold.check()?;
    let answer = attempt.client.download(&version.to_string(), sharing.to_peer).await;
    match &answer {
        Ok(device_job) => {
            let noted = attempt.device_job(device_job.0);
            attempt.put_state(version, ImageState::Downloading, Some(noted));
            let detail = json!({ "version": version.to_string(), "device_job": noted.id });
            attempt.journal.audit(AuditAction::DownloadAccepted, detail);
            note_start(attempt, version, *device_job, false).await?;
        }
        Err(error) => {
            let result = if is_unclear(error) { "unclear" } else { "refused" };
            if !is_unclear(error) {
                attempt.put_state(version, ImageState::Missing, None);
            }
            let said = Chain(error).to_string();
            let detail = json!({ "version": version.to_string(), "result": result, "details": [said] });
            attempt.journal.audit(AuditAction::DownloadEnded, detail);
            attempt.journal.write().await?;
        }
    }
    Ok(answer)
}

/// Whether the device may have begun although it did not say so.
fn is_unclear(error: &PanosError) -> bool {
    match error {
        PanosError::NoAnswer { phase: Phase::Answer, .. }
        | PanosError::UnexpectedAnswer { .. }
        | PanosError::TooLarge { .. } => true,
        PanosError::NoAnswer { phase: Phase::Connect, .. }
        | PanosError::Refused { .. }
        | PanosError::Tls { .. }
        | PanosError::Setup { .. } => false,
    }
}

/// Looks what the device made of a request whose answer says nothing.
async fn found(attempt: &mut Attempt<'_>, version: Version, error: PanosError) -> Result<Asked, StepError> {
    for pauses in LOOKS_AFTER_UNCLEAR {
        if pauses > 0 {
            attempt.wait(attempt.context.pace.min * pauses).await?;
        }
        match look::run(attempt, version).await? {
            Seen::Absent => {}
            seen @ (Seen::Present(_) | Seen::Underway(_) | Seen::Ended(_)) => {
                return Ok(Asked::Unclear(seen));
            }
        }
    }
    Err(error.into())
}
