//! Do *all* missing images fit? Asked before the first one, so that no device ends half staged and full.

use common::audit::AuditAction;
use common::domain::path::Budget;
use common::domain::status::{DiskCheck, Phase};
use common::ledger::{ImageRecord, ImageState};
use panos::IMAGE_DIRECTORY;
use serde_json::json;

use super::attempt::Attempt;
use super::silence;
use crate::error::StepError;

/// Compares what is missing with what is free where images are kept.
///
/// # Errors
/// [`StepError::DiskFull`], [`StepError::NoVolume`]; what the call may meet.
pub(super) async fn run(attempt: &mut Attempt<'_>) -> Result<(), StepError> {
    attempt.safe_point()?;
    // An image that is on its way has taken part of its space already: counting it again would fail a
    // device whose download somebody else began.
    let to_ask_for: Vec<&ImageRecord> =
        attempt.journal.images().iter().filter(|image| image.state == ImageState::Missing).collect();
    if to_ask_for.is_empty() {
        return Ok(());
    }
    let known_bytes = to_ask_for.iter().filter_map(|image| image.size_bytes).fold(0, u64::saturating_add);
    let n_unknown = to_ask_for.iter().filter(|image| image.size_bytes.is_none()).count();

    let disk = silence::through(attempt, |client| async move { client.disk_space().await }).await?;
    let mount = disk.image_mount().ok_or(StepError::NoVolume)?;
    let fallback = fallback(&mount.path);
    let rule = &attempt.context.space;
    let budget = Budget::new(known_bytes, n_unknown, mount.available_bytes, rule);
    let journal = &mut *attempt.journal;
    journal.status_mut().disk_space = Some(DiskCheck {
        mount: mount.path.clone(),
        available_gb: gib(budget.available_bytes),
        required_gb: gib(budget.needed_bytes),
        check_passed: budget.fits(),
    });
    journal.audit(
        AuditAction::SpaceChecked,
        json!({
            "mount": mount.path,
            "available_bytes": budget.available_bytes,
            "needed_bytes": budget.needed_bytes,
            "factor_percent": rule.factor_percent,
            "reserve_bytes": rule.reserve_bytes,
            "fits": budget.fits(),
            "fallback": fallback,
        }),
    );
    let needed = format!("{} of {} MiB needed", budget.needed_bytes >> 20, budget.available_bytes >> 20);
    let message = fallback.map_or_else(|| needed.clone(), |fallback| format!("{needed} ({fallback})"));
    journal.at(Phase::PreFlightDiskCheck, 8, message);
    let mount = mount.path.clone();
    journal.write().await?;
    if budget.fits() {
        Ok(())
    } else {
        Err(StepError::DiskFull { serial: attempt.job.device.device.serial.to_string(), mount, budget })
    }
}

/// Why another volume was measured than the one that images are kept on, where that was so.
fn fallback(mount: &str) -> Option<String> {
    (mount != IMAGE_DIRECTORY).then(|| format!("no {IMAGE_DIRECTORY} of its own: measured {mount}"))
}

/// Bytes as GiB with two digits, for the status document.
#[expect(clippy::cast_precision_loss, reason = "two digits are kept; f64 is exact far beyond any disk")]
fn gib(bytes: u64) -> f64 {
    (bytes as f64 / f64::from(1 << 30) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::fallback;

    #[test]
    fn another_volume_than_that_of_images_is_named() {
        assert_eq!(fallback("/opt/panrepo"), None);
        assert_eq!(fallback("/").unwrap(), "no /opt/panrepo of its own: measured /");
    }
}
