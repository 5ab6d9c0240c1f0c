//! Whether the missing images fit on the device.

use serde::{Deserialize, Serialize};

/// Kept free beside the images, 512 MiB: `df -h` rounds (5.4G may be 5.35), and what the device needs while it
/// loads an image into its software manager is not documented.
pub const RESERVE_BYTES: u64 = 512 << 20;

/// What an image of unknown size counts, 1.5 GiB: above the largest image in the public list panos-versions
/// (11.2.0 with 1,269,247 KB) and the largest seen since.
pub const UNKNOWN_SIZE_BYTES: u64 = 3 << 29;

/// What is needed on the volume that holds images (`/opt/panrepo`) and what is free there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Budget {
    /// 1.2 times the missing images, and the reserve; nothing when nothing is missing. The vendor's own
    /// upgrade library takes a factor of 1.1 and no reserve.
    pub needed_bytes: u64,
    /// Free, as the device says.
    pub available_bytes: u64,
}

impl Budget {
    /// What `known_bytes` of missing images and `n_unknown` more of unknown size need. An image that the device
    /// is fetching counts whole, although part of it has taken its space already: adopt it first.
    pub fn new(known_bytes: u64, n_unknown: usize, available_bytes: u64) -> Self {
        let n_unknown = u64::try_from(n_unknown).unwrap_or(u64::MAX);
        let images = known_bytes.saturating_add(n_unknown.saturating_mul(UNKNOWN_SIZE_BYTES));
        let needed_bytes = if images == 0 {
            0
        } else {
            images.saturating_add(images.div_ceil(5)).saturating_add(RESERVE_BYTES)
        };
        Self { needed_bytes, available_bytes }
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

    #[test]
    fn nothing_missing_needs_nothing() {
        assert_eq!(Budget::new(0, 0, 0), Budget { needed_bytes: 0, available_bytes: 0 });
        assert!(Budget::new(0, 0, 0).fits());
    }

    #[test]
    fn missing_images_need_a_fifth_more_and_the_reserve() {
        let budget = Budget::new(5 * GIB, 0, 6 * GIB);
        assert_eq!(budget.needed_bytes, 6 * GIB + RESERVE_BYTES);
        assert_eq!(budget.shortfall_bytes(), RESERVE_BYTES);
        assert!(!budget.fits());
        assert!(Budget::new(5 * GIB, 0, 6 * GIB + RESERVE_BYTES).fits());
    }

    #[test]
    fn an_unknown_size_counts_as_a_large_image() {
        assert_eq!(Budget::new(0, 2, 0).needed_bytes, Budget::new(3 * GIB, 0, 0).needed_bytes);
    }

    #[test]
    fn sizes_without_sense_do_not_overflow() {
        assert_eq!(Budget::new(u64::MAX, usize::MAX, 1).needed_bytes, u64::MAX);
    }
}
