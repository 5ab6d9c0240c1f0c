//! Whether the missing images fit on the device.

use serde::{Deserialize, Serialize};

/// Kept free beside the images unless the operator says otherwise, 512 MiB: `df -h` rounds (5.4G may be 5.35).
pub const RESERVE_BYTES: u64 = 512 << 20;

/// Percent of the images' size that has to be free unless the operator says otherwise: what the device needs
/// while it loads an image into its software manager is not documented. The vendor's own upgrade library takes
/// 110 and no reserve (pan-os-upgrade-assurance, `check_free_disk_space`).
pub const FACTOR_PERCENT: u32 = 120;

/// What an image of unknown size counts, 1.5 GiB: above the largest image in the public list panos-versions
/// (11.2.0 with 1,269,247 KB) and the largest seen since.
pub const UNKNOWN_SIZE_BYTES: u64 = 3 << 29;

/// The margin between what images weigh and what has to be free for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SpaceRule {
    /// Percent of the missing images' size; 120 asks for a fifth more than they weigh.
    pub factor_percent: u32,
    /// Kept free beside them.
    pub reserve_bytes: u64,
}

impl Default for SpaceRule {
    fn default() -> Self {
        Self { factor_percent: FACTOR_PERCENT, reserve_bytes: RESERVE_BYTES }
    }
}

impl SpaceRule {
    /// What has to be free for images of `bytes` together; nothing for none.
    pub fn needed(&self, bytes: u64) -> u64 {
        if bytes == 0 {
            return 0;
        }
        let with_factor = (u128::from(bytes) * u128::from(self.factor_percent)).div_ceil(100);
        u64::try_from(with_factor).unwrap_or(u64::MAX).saturating_add(self.reserve_bytes)
    }
}

/// What is needed on the volume that holds images (`/opt/panrepo`) and what is free there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Budget {
    /// The missing images times the factor, and the reserve; nothing when nothing is missing.
    pub needed_bytes: u64,
    /// Free, as the device says.
    pub available_bytes: u64,
}

impl Budget {
    /// What `known_bytes` of missing images and `n_unknown` more of unknown size need. An image that the device
    /// is fetching counts whole, although part of it has taken its space already: adopt it first.
    pub fn new(known_bytes: u64, n_unknown: usize, available_bytes: u64, rule: &SpaceRule) -> Self {
        let n_unknown = u64::try_from(n_unknown).unwrap_or(u64::MAX);
        let images = known_bytes.saturating_add(n_unknown.saturating_mul(UNKNOWN_SIZE_BYTES));
        Self { needed_bytes: rule.needed(images), available_bytes }
    }

    /// Whether the missing images fit.
    pub fn fits(&self) -> bool {
        self.shortfall_bytes() == 0
    }

    /// What has to be freed first.
    pub fn shortfall_bytes(&self) -> u64 {
        self.needed_bytes.saturating_sub(self.available_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn budget(known_bytes: u64, n_unknown: usize, available_bytes: u64) -> Budget {
        Budget::new(known_bytes, n_unknown, available_bytes, &SpaceRule::default())
    }

    #[test]
    fn nothing_missing_needs_nothing() {
        assert_eq!(budget(0, 0, 0), Budget { needed_bytes: 0, available_bytes: 0 });
        assert!(budget(0, 0, 0).fits());
    }

    #[test]
    fn missing_images_need_a_fifth_more_and_the_reserve() {
        let tight = budget(5 * GIB, 0, 6 * GIB);
        assert_eq!(tight.needed_bytes, 6 * GIB + RESERVE_BYTES);
        assert_eq!(tight.shortfall_bytes(), RESERVE_BYTES);
        assert!(!tight.fits());
        assert!(budget(5 * GIB, 0, 6 * GIB + RESERVE_BYTES).fits());
    }

    #[test]
    fn the_operators_margin_is_the_one_that_counts() {
        let exact = SpaceRule { factor_percent: 100, reserve_bytes: 0 };
        assert_eq!(Budget::new(5 * GIB, 0, 5 * GIB, &exact).shortfall_bytes(), 0);
        let third = SpaceRule { factor_percent: 133, reserve_bytes: 7 };
        assert_eq!(Budget::new(10, 0, 0, &third).needed_bytes, 14 + 7, "rounded up");
        let reserve_alone = SpaceRule { factor_percent: 100, reserve_bytes: GIB };
        assert_eq!(
            Budget::new(0, 0, 0, &reserve_alone).needed_bytes,
            0,
            "nothing is asked of a device for nothing"
        );
    }

    #[test]
    fn an_unknown_size_counts_as_a_large_image() {
        assert_eq!(budget(0, 2, 0).needed_bytes, budget(3 * GIB, 0, 0).needed_bytes);
    }

    #[test]
    fn sizes_without_sense_do_not_overflow() {
        assert_eq!(budget(u64::MAX, usize::MAX, 1).needed_bytes, u64::MAX);
        let absurd = SpaceRule { factor_percent: u32::MAX, reserve_bytes: u64::MAX };
        assert_eq!(Budget::new(1, 0, 1, &absurd).needed_bytes, u64::MAX);
    }
}
