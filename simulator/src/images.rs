//! Which PAN-OS images exist, how big they are, and what each platform's list holds.
//!
//! The trains, their bases and the existence of 12.1.2 as base of 12.1 are facts (12.1 has no usable .0:
//! reported against two public tools); the selection of maintenance releases, the dates and the sizes are ours,
//! kept in the range of recorded ones (276 MB to 1.4 GB). Hashes are derived from seed and file name, so that a
//! catalogue can be printed and two platforms never share one. Leaves to others: what is on a device.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::models::Platform;
use crate::seeded::Seed;
use crate::version::{Train, Version};

/// What `<release-type>` says (11.2 and 12.1 era lists; described by three public tools, never captured raw).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseType {
    /// The image that must be loaded before any other of its train.
    Base,
    /// Recommended by the vendor.
    Preferred,
    /// Neither: an empty element.
    Other,
}

impl ReleaseType {
    /// The text inside the element.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "Base",
            Self::Preferred => "Preferred",
            Self::Other => "",
        }
    }
}

/// One file that a device can download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What it makes a device run.
    pub version: Version,
    /// Official file name, different on each platform.
    pub filename: String,
    /// Size in KB, the unit of `<size-kb>`.
    pub size_kb: u64,
    /// `YYYY/MM/DD HH:MM:SS`.
    pub released_on: &'static str,
    /// Place in the train.
    pub release_type: ReleaseType,
    /// The true hash, as the catalogue knows it.
    pub sha256: String,
}

/// Version, release date, size in percent of the train's base, kind.
type Row = (&'static str, &'static str, u64, ReleaseType);

/// One train: its base's size in MB on a platform of 100 %, and its releases, the base first.
struct TrainRow {
    base_mb: u64,
    releases: &'static [Row],
}

use ReleaseType::{Base, Other, Preferred};

/// Oldest first. A hotfix may be younger than a later maintenance release: dates do not order versions.
const TRAINS: &[TrainRow] = &[
    TrainRow {
        base_mb: 720,
        releases: &[
            ("10.1.0", "2021/06/02 10:11:27", 100, Base),
            ("10.1.3", "2021/10/26 16:03:12", 52, Other),
            ("10.1.6", "2022/06/28 08:45:50", 55, Other),
            ("10.1.9", "2023/02/22 17:20:03", 57, Other),
            ("10.1.11", "2023/10/19 12:00:41", 58, Other),
            ("10.1.14", "2024/08/07 09:31:15", 59, Other),
            ("10.1.14-h6", "2024/11/18 06:02:59", 60, Preferred),
        ],
    },
    TrainRow {
        base_mb: 840,
        releases: &[
            ("10.2.0", "2022/02/28 12:21:07", 100, Base),
            ("10.2.0-h3", "2024/04/18 03:11:44", 33, Other),
            ("10.2.4", "2023/03/30 20:11:09", 61, Other),
            ("10.2.7", "2023/11/02 15:41:22", 63, Other),
            ("10.2.7-h3", "2024/01/11 11:09:38", 63, Other),
            ("10.2.9", "2024/04/02 14:27:53", 64, Other),
            ("10.2.9-h1", "2024/04/14 21:50:01", 64, Other),
            ("10.2.10", "2024/06/27 10:39:16", 65, Other),
            ("10.2.10-h9", "2024/11/14 09:44:30", 66, Preferred),
        ],
    },
    TrainRow {
        base_mb: 1037,
        releases: &[
            ("11.0.0", "2022/11/17 08:45:28", 100, Base),
            ("11.0.1", "2023/03/29 15:05:25", 47, Other),
            ("11.0.2", "2023/06/28 13:36:40", 50, Other),
            ("11.0.4", "2024/04/08 17:52:11", 53, Other),
            ("11.0.4-h1", "2024/04/14 22:03:29", 53, Other),
            ("11.0.6", "2024/09/26 10:25:48", 55, Preferred),
        ],
    },
    TrainRow {
        base_mb: 1180,
        releases: &[
            ("11.1.0", "2023/11/02 20:15:13", 100, Base),
            ("11.1.2", "2024/02/21 08:40:19", 60, Other),
            ("11.1.2-h3", "2024/04/14 22:14:02", 60, Other),
            ("11.1.3", "2024/05/22 09:58:36", 81, Other),
            ("11.1.4", "2024/07/30 12:46:55", 85, Other),
            ("11.1.4-h1", "2024/08/22 07:33:10", 85, Other),
            ("11.1.4-h7", "2024/11/14 12:01:07", 86, Preferred),
            ("11.1.4-h9", "2024/12/06 13:19:42", 86, Other),
            ("11.1.4-h13", "2025/02/11 10:52:33", 86, Other),
            ("11.1.6", "2025/01/28 11:37:21", 88, Other),
        ],
    },
    TrainRow {
        base_mb: 1239,
        releases: &[
            ("11.2.0", "2024/05/02 16:30:12", 100, Base),
            ("11.2.3", "2024/09/19 12:22:58", 62, Other),
            ("11.2.4", "2024/11/06 18:45:01", 64, Other),
            ("11.2.4-h2", "2024/12/18 09:11:37", 64, Preferred),
        ],
    },
    TrainRow {
        base_mb: 1410,
        releases: &[
            ("12.1.2", "2025/08/28 09:12:44", 100, Base),
            ("12.1.3", "2025/10/15 14:53:26", 57, Other),
            ("12.1.4", "2025/12/09 10:08:50", 58, Preferred),
            ("12.1.5", "2026/03/11 15:20:04", 59, Other),
        ],
    },
];

/// What every platform's list may hold, oldest train first and each train's base first.
///
/// `newest` cuts the list: some hardware stops at an old train.
pub fn list(platform: &Platform, newest: Option<Train>, seed: Seed) -> Arc<[Image]> {
    let mut images = Vec::new();
    for train in TRAINS {
        for &(text, released_on, percent, release_type) in train.releases {
            let Ok(version) = text.parse::<Version>() else { continue };
            if newest.is_some_and(|newest| version.train > newest) {
                continue;
            }
            let filename = format!("PanOS_{}-{version}", platform.file_part);
            images.push(Image {
                size_kb: train.base_mb * 1024 * percent / 100 * platform.size_percent / 100
                    + seed.below(&["size", &filename], 1024),
                sha256: seed.hex(&["sha256", &filename]),
                version,
                filename,
                released_on,
                release_type,
            });
        }
    }
    images.into()
}

/// The base image of a train in a list: the entry marked so.
pub fn base_of(list: &[Image], train: Train) -> Option<&Image> {
    list.iter().find(|image| image.version.train == train && image.release_type == Base)
}

/// An upper bound for what a client may have to bring, in KB: for every train from the running one to the
/// target's, the base and the biggest release, whatever rule it follows for the stops in between.
pub fn heaviest_path_kb(list: &[Image], running: Version, target: Version) -> u64 {
    let mut total_kb = 0;
    let trains: BTreeSet<Train> = list
        .iter()
        .map(|image| image.version.train)
        .filter(|train| (running.train..=target.train).contains(train))
        .collect();
    for train in trains {
        let of_train = || list.iter().filter(|image| image.version.train == train);
        let base_kb = base_of(list, train).map_or(0, |image| image.size_kb);
        let stop_kb = of_train().filter(|image| image.release_type != Base).map(|image| image.size_kb).max();
        total_kb += base_kb + stop_kb.unwrap_or(0);
    }
    total_kb
}

/// Versions below `target` that a device of the fleet may run: no base image, nothing that needs a custom rule.
pub fn running_choices(list: &[Image], target: Version) -> Vec<Version> {
    list.iter()
        .filter(|image| image.version < target && image.release_type != Base)
        .map(|image| image.version)
        .collect()
}

/// Texts that appear in lists although nobody can download them: `.xfr` builds, betas and custom builds.
pub const RELICS: &[&str] = &["11.1.4.xfr", "11.2.0-b28", "10.2.9-c17"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn every_train_has_one_base_and_every_row_parses() {
        let platform = &models::MODELS[0].platform;
        let list = list(platform, None, Seed(7));
        assert_eq!(list.len(), TRAINS.iter().map(|train| train.releases.len()).sum::<usize>());
        for train in TRAINS {
            let base: Version = train.releases[0].0.parse().unwrap();
            assert_eq!(base_of(&list, base.train).unwrap().version, base);
            assert_eq!(train.releases.iter().filter(|row| row.3 == Base).count(), 1);
        }
    }

    #[test]
    fn two_platforms_share_no_file_name_and_no_hash() {
        let mut names = std::collections::BTreeSet::new();
        let mut hashes = std::collections::BTreeSet::new();
        let mut n_images = 0;
        let mut seen = std::collections::BTreeSet::new();
        for model in models::MODELS {
            if !seen.insert(model.platform.file_part) {
                continue;
            }
            for image in list(&model.platform, None, Seed(7)).iter() {
                n_images += 1;
                names.insert(image.filename.clone());
                hashes.insert(image.sha256.clone());
            }
        }
        assert_eq!((names.len(), hashes.len()), (n_images, n_images));
    }
}
