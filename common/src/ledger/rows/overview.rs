//! The fleet at a glance, from groups and pages that the database counted.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::counts::{JobGroup, status_counts};
use crate::domain::failure::FailureKind;
use crate::domain::job::JobState;
use crate::domain::version::Version;
use crate::ledger::{Bucket, DevicePage, DeviceRow, ImageCount, MAX_BUCKETS, StatusCounts, Throughput};

/// What `ended_last_10_minutes` counts, in seconds.
const RATE_OVER_S: u64 = 600;

/// The shortest time that a rate is taken from, in seconds.
const SHORTEST_RATE_S: u64 = 10;

/// The shortest stretch of a chart.
const SHORTEST_BUCKET: Duration = Duration::from_secs(1);

/// Devices, or images of their newest jobs, that are alike in everything that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FleetGroup {
    /// Devices that never had a job.
    Jobless { n_devices: u64 },
    /// Devices by their newest job.
    Jobs(JobGroup),
    /// Images of those jobs.
    Images { version: String, progress: ImageProgress, n_images: u64 },
}

/// How far an image is, and what is known of it, in one word of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageProgress {
    Missing,
    Running,
    Present,
    Verified,
    Mismatch,
}

impl FleetGroup {
    /// A group as `count_fleet` answers it: by the columns that are there.
    pub fn new(
        job: (Option<JobState>, Option<FailureKind>, Option<bool>),
        image: Option<(String, ImageProgress)>,
        n: u64,
    ) -> Self {
        match (image, job) {
            (Some((version, progress)), _) => Self::Images { version, progress, n_images: n },
            (None, (None, _, _)) => Self::Jobless { n_devices: n },
            (None, (Some(state), kind, is_ready)) => {
                Self::Jobs(JobGroup { state, kind, is_ready: is_ready.unwrap_or_default(), n_jobs: n })
            }
        }
    }
}

impl ImageProgress {
    /// Every one with the word that `count_fleet` uses.
    const WORDS: [(&'static str, Self); 5] = [
        ("missing", Self::Missing),
        ("running", Self::Running),
        ("present", Self::Present),
        ("verified", Self::Verified),
        ("mismatch", Self::Mismatch),
    ];

    /// Reads a word of `count_fleet`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find_map(|(known, progress)| (known == word).then_some(progress))
    }
}

/// What groups add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetCounts {
    pub counts: StatusCounts,
    pub images: Vec<ImageCount>,
    pub n_devices: u64,
}

/// Adds up groups.
pub fn fleet_counts(groups: impl IntoIterator<Item = FleetGroup>) -> FleetCounts {
    let mut jobs = Vec::new();
    let mut images: BTreeMap<String, ImageCount> = BTreeMap::new();
    let mut n_devices = 0;
    for group in groups {
        match group {
            FleetGroup::Jobless { n_devices: n } => n_devices += n,
            FleetGroup::Jobs(group) => {
                n_devices += group.n_jobs;
                jobs.push(group);
            }
            FleetGroup::Images { version, progress, n_images } => {
                let count = images.entry(version).or_insert_with_key(|version| no_images(version));
                count.wanted += n_images;
                match progress {
                    ImageProgress::Missing => {}
                    ImageProgress::Running => count.running += n_images,
                    ImageProgress::Present => count.present += n_images,
                    ImageProgress::Verified => count.verified += n_images,
                    ImageProgress::Mismatch => count.mismatch += n_images,
                }
            }
        }
    }
    let mut images: Vec<_> = images.into_values().collect();
    // `11.1.10` comes after `11.1.9`.
    images.sort_by_key(|image| image.version.parse::<Version>().ok());
    FleetCounts { counts: status_counts(jobs), images, n_devices }
}

fn no_images(version: &str) -> ImageCount {
    ImageCount { version: version.to_owned(), wanted: 0, running: 0, present: 0, verified: 0, mismatch: 0 }
}

/// How fast jobs end, and when the last one will at this rate. `ended` are those of the last one and ten minutes;
/// `worked_s` is the time since work on the first of them began.
pub fn throughput(now: Timestamp, ended: (u64, u64), worked_s: Option<i64>, jobs_left: u64) -> Throughput {
    let (ended_last_minute, ended_last_10_minutes) = ended;
    // A campaign that began two minutes ago has not gone on for ten; and a job that was skipped at once is no measure.
    let rate_over_s = worked_s.and_then(|worked| u64::try_from(worked).ok()).unwrap_or(RATE_OVER_S);
    let rate_over_s = rate_over_s.clamp(SHORTEST_RATE_S, RATE_OVER_S);
    let goes_on = jobs_left > 0 && ended_last_10_minutes > 0;
    let estimate = || {
        let seconds = u128::from(jobs_left) * u128::from(rate_over_s) / u128::from(ended_last_10_minutes);
        let seconds = i64::try_from(seconds).ok()?;
        now.checked_add(SignedDuration::from_secs(seconds)).ok()
    };
    let estimated_finish = if goes_on { estimate() } else { None };
    Throughput { ended_last_minute, ended_last_10_minutes, rate_over_s, jobs_left, estimated_finish }
}

/// The length of a stretch as it is counted, in milliseconds.
pub fn bucket_ms(bucket: Duration) -> i64 {
    i64::try_from(bucket.max(SHORTEST_BUCKET).as_millis()).unwrap_or(i64::MAX / 4)
}

/// Jobs that ended in one stretch, by its number from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedGroup {
    pub bucket: i64,
    pub completed: u64,
    pub not_completed: u64,
}

/// Every stretch from `since` to `now`, those without a job too; the newest [`MAX_BUCKETS`] of them.
pub fn buckets(since: Timestamp, bucket: Duration, now: Timestamp, ended: &[EndedGroup]) -> Vec<Bucket> {
    let (since, now, length) = (since.as_millisecond(), now.as_millisecond(), bucket_ms(bucket));
    let last = (now - since).div_euclid(length);
    let first = (last + 1 - i64::from(MAX_BUCKETS)).max(0);
    let ended: BTreeMap<i64, &EndedGroup> = ended.iter().map(|group| (group.bucket, group)).collect();
    (first..=last)
        .filter_map(|number| {
            let from = Timestamp::from_millisecond(since + number * length).ok()?;
            let group = ended.get(&number);
            Some(Bucket {
                from,
                completed: group.map_or(0, |group| group.completed),
                not_completed: group.map_or(0, |group| group.not_completed),
            })
        })
        .collect()
}

/// A row of a page: how many there are on all pages, and a device unless this page is beyond the last one.
pub struct PageRow {
    pub total: u64,
    pub device: Option<DeviceRow>,
}

/// A page of its rows, of which there is at least one.
pub fn device_page((page, per_page): (u32, u32), rows: Vec<PageRow>) -> DevicePage {
    let total = rows.first().map_or(0, |row| row.total);
    DevicePage { total, page, per_page, rows: rows.into_iter().filter_map(|row| row.device).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn the_finish_is_estimated_from_the_last_ten_minutes() {
        assert_eq!(throughput(at(0), (3, 60), None, 30).estimated_finish, Some(at(300)));
        assert_eq!(throughput(at(0), (60, 60), Some(60), 30).estimated_finish, Some(at(30)));
        assert_eq!(throughput(at(0), (60, 60), Some(9_000), 30).estimated_finish, Some(at(300)));
        assert_eq!(
            throughput(at(0), (1, 1), Some(0), 30).estimated_finish,
            Some(at(300)),
            "ten seconds at least"
        );
        assert_eq!(throughput(at(0), (0, 0), None, 30).estimated_finish, None, "nothing ended");
        assert_eq!(throughput(at(0), (3, 60), None, 0).estimated_finish, None, "nothing is left");
        assert_eq!(
            throughput(at(0), (0, 1), None, u64::MAX).estimated_finish,
            None,
            "beyond the end of time"
        );
    }

    #[test]
    fn a_chart_has_every_stretch_and_never_too_many() {
        let minute = Duration::from_secs(60);
        let ended = [EndedGroup { bucket: 1, completed: 2, not_completed: 1 }];
        let chart = buckets(at(30), minute, at(150), &ended);
        assert_eq!(chart.iter().map(|bucket| bucket.from).collect::<Vec<_>>(), [at(30), at(90), at(150)]);
        assert_eq!(chart.iter().map(|bucket| bucket.completed).collect::<Vec<_>>(), [0, 2, 0]);
        assert_eq!(chart[1].not_completed, 1);

        let long = buckets(at(0), Duration::ZERO, at(10_000), &[]);
        assert_eq!(long.len(), MAX_BUCKETS as usize);
        assert_eq!(long.last().unwrap().from, at(10_000), "the newest ones stay");
        assert!(buckets(at(200), minute, at(150), &ended).is_empty(), "from a time to come");
    }

    #[test]
    fn images_come_by_version_and_a_device_counts_in_one_column() {
        let image = |version: &str, progress| FleetGroup::Images {
            version: version.to_owned(),
            progress,
            n_images: 2,
        };
        let groups = [
            image("11.1.10", ImageProgress::Missing),
            image("11.1.9", ImageProgress::Verified),
            image("11.1.9", ImageProgress::Running),
            FleetGroup::Jobless { n_devices: 5 },
        ];
        let FleetCounts { counts, images, n_devices } = fleet_counts(groups);
        assert_eq!((counts.total, n_devices), (0, 5));
        assert_eq!(
            images.iter().map(|image| image.version.as_str()).collect::<Vec<_>>(),
            ["11.1.9", "11.1.10"]
        );
        assert_eq!((images[0].wanted, images[0].verified, images[0].running), (4, 2, 2));
        assert_eq!((images[1].wanted, images[1].present), (2, 0));
    }
}
