//! `[disk]`: how much room the images must find on a device.

use super::Field;
use super::problem::Problems;
use super::size::{ByteSize, shown_bytes};
use crate::domain::path::SpaceRule;

/// Least factor: the images themselves.
const LEAST_FACTOR: u32 = 100;

/// Most factor: three times the images is more than any device keeps while it loads one.
const MOST_FACTOR: u32 = 300;

/// Largest reserve, 64 GiB: above the whole image volume of any device seen, so a larger one is a slip of
/// the unit.
const LARGEST_RESERVE: u64 = 64 << 30;

/// `[disk]`. What a device needs is the sum of its missing images times the factor, and the reserve.
#[derive(Debug, Clone)]
pub struct DiskConfig {
    /// Percent of the missing images' size that has to be free, 100 to 300. Default: 120, because what a
    /// device needs while it loads an image into its software manager is not documented; the vendor's own
    /// upgrade library takes 110 (pan-os-upgrade-assurance, `check_free_disk_space`).
    pub factor_percent: u32,
    /// Kept free beside the images, at most 64GiB. Default: 512MiB, because `df -h` rounds.
    pub reserve: ByteSize,
}

impl Default for DiskConfig {
    fn default() -> Self {
        let SpaceRule { factor_percent, reserve_bytes } = SpaceRule::default();
        Self { factor_percent, reserve: ByteSize(reserve_bytes) }
    }
}

impl DiskConfig {
    /// The margin that the disk budget takes.
    #[must_use]
    pub fn rule(&self) -> SpaceRule {
        SpaceRule { factor_percent: self.factor_percent, reserve_bytes: self.reserve.0 }
    }

    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("disk.factor_percent", &mut self.factor_percent),
            Field::new("disk.reserve", &mut self.reserve),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if !(LEAST_FACTOR..=MOST_FACTOR).contains(&self.factor_percent) {
            let wanted = format!("must be from {LEAST_FACTOR} to {MOST_FACTOR} percent of the images' size");
            problems.add("disk.factor_percent", self.factor_percent, wanted);
        }
        if self.reserve.0 > LARGEST_RESERVE {
            let wanted = format!("must be at most {}", shown_bytes(LARGEST_RESERVE));
            problems.add("disk.reserve", shown_bytes(self.reserve.0), wanted);
        }
    }
}
