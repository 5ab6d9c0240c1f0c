//! Whether events of a job are missing, repeated or late, by their numbers.
//!
//! A job's events are numbered from 1 without a gap, and come at least once; so every number behind the first that was
//! seen has to come. What was before the first belongs to a time that was not asked for, or is not kept any more.

use std::collections::{BTreeMap, BTreeSet};

use common::domain::job::JobId;

/// What was seen of every job.
#[derive(Debug, Default)]
pub(super) struct Check {
    jobs: BTreeMap<JobId, Seen>,
    n_events: u64,
    n_repeated: u64,
}

#[derive(Debug)]
struct Seen {
    first: i64,
    last: i64,
    /// Between first and last.
    missing: BTreeSet<i64>,
}

impl Check {
    /// Takes the next event; answers what is remarkable about it.
    pub(super) fn next(&mut self, job: JobId, number: i64) -> Option<String> {
        self.n_events += 1;
        if number < 1 {
            return Some(format!("job {job}: event {number} is no number that its events can have"));
        }
        let seen = self.jobs.entry(job).or_insert_with(|| Seen {
            first: number,
            last: number - 1,
            missing: BTreeSet::new(),
        });
        if number.checked_sub(1) == Some(seen.last) {
            seen.last = number;
            return None;
        }
        if number > seen.last {
            let missing = seen.last + 1..number;
            seen.last = number;
            // A number from outside must not fill the memory.
            if missing.end - missing.start > 10_000 {
                return Some(format!(
                    "job {job}: event {number} is no number that its events can have reached"
                ));
            }
            let told = format!("job {job}: before event {number} {}", numbers(missing.clone()));
            seen.missing.extend(missing);
            return Some(format!("{told} missing so far"));
        }
        if seen.missing.remove(&number) {
            return Some(format!("job {job}: event {number} came late"));
        }
        if number < seen.first {
            return Some(format!("job {job}: event {number} came behind event {}", seen.first));
        }
        self.n_repeated += 1;
        Some(format!("job {job}: event {number} came again"))
    }

    /// Events that never came.
    pub(super) fn n_missing(&self) -> usize {
        self.jobs.values().map(|seen| seen.missing.len()).sum()
    }

    /// One line about all of it.
    pub(super) fn summary(&self) -> String {
        let (events, jobs) = (self.n_events, self.jobs.len());
        format!(
            "checked {events} events of {jobs} jobs: {} missing, {} repeated",
            self.n_missing(),
            self.n_repeated
        )
    }
}

/// `event 4 is`, `events 4 to 6 are`.
fn numbers(range: std::ops::Range<i64>) -> String {
    match range.end - range.start {
        1 => format!("event {} is", range.start),
        _ => format!("events {} to {} are", range.start, range.end - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_repetitions_and_late_events_are_told_apart() {
        let mut check = Check::default();
        let mut next = |number| check.next(JobId(7), number);
        assert_eq!(next(3), None, "a reader may begin in the middle");
        assert_eq!(next(4), None);
        assert_eq!(next(8).unwrap(), "job 7: before event 8 events 5 to 7 are missing so far");
        assert_eq!(next(6).unwrap(), "job 7: event 6 came late");
        assert_eq!(next(6).unwrap(), "job 7: event 6 came again");
        assert_eq!(next(4).unwrap(), "job 7: event 4 came again");
        assert_eq!(next(9), None);
        assert!(next(i64::MAX).is_some());
        assert_eq!(next(i64::MAX).unwrap(), format!("job 7: event {} came again", i64::MAX));
        assert!(next(i64::MIN).is_some() && next(0).is_some());
        assert_eq!(check.next(JobId(8), 1), None, "each job has numbers of its own");
        assert_eq!(check.n_missing(), 2);
        assert_eq!(check.summary(), "checked 12 events of 2 jobs: 2 missing, 3 repeated");
    }
}
