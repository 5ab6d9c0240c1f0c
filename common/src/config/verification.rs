//! `[verification]`: what an image without proof of its hash means.

use super::Field;
use super::setting::Choice;
use crate::domain::hash::VerificationMode;

/// `[verification]`.
#[derive(Debug, Clone)]
pub struct VerificationConfig {
    /// `lenient`: a hash that the device does not report, or that the catalogue lacks, is told honestly
    /// and does no harm; `strict`: it fails the job. A mismatch fails in both. Default: `lenient`, because
    /// many PAN-OS versions report no hash at all.
    pub mode: VerificationMode,
}

impl Choice for VerificationMode {
    const CHOICES: &'static [(&'static str, Self)] = &[("lenient", Self::Lenient), ("strict", Self::Strict)];
}

impl Default for VerificationConfig {
    fn default() -> Self {
        Self { mode: VerificationMode::Lenient }
    }
}

impl VerificationConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![Field::new("verification.mode", &mut self.mode)]
    }
}
