//! Many measured values, and the ones that are told.

use std::time::Duration;

/// Measured values in any order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Adds a length of time, in milliseconds.
    pub(crate) fn add(&mut self, length: Duration) {
        self.0.push(length.as_secs_f64() * 1_000.0);
    }

    /// Adds all of another one.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The smallest value that so many hundredths of all do not exceed; nothing of nothing.
    pub(crate) fn percentile(&self, hundredths: usize) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * hundredths).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }
}

/// Where the values of several repetitions lie.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    /// In the order in which they were measured.
    pub(crate) values: Vec<f64>,
    /// The middle one; the smaller of two in the middle.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) least: f64,
    /// The largest.
    pub(crate) most: f64,
}

impl Spread {
    /// Of these values; nothing of nothing.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.collect();
        let sample = Sample(values.clone());
        let (median, most) = (sample.percentile(50)?, sample.percentile(100)?);
        Some(Self { least: sample.percentile(0)?, values, median, most })
    }
}

/// The middle value of those that are there; the smaller of two in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    Sample(values.into_iter().flatten().collect()).percentile(50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sample = Sample((1..=20).rev().map(f64::from).collect());
        assert_eq!(sample.percentile(50), Some(10.0));
        assert_eq!(sample.percentile(95), Some(19.0));
        assert_eq!(sample.percentile(100), Some(20.0));
        assert_eq!(Sample(vec![7.0]).percentile(95), Some(7.0));
        assert_eq!(Sample::default().percentile(50), None);
    }

    #[test]
    fn a_median_is_of_what_was_measured_at_all() {
        assert_eq!(median([Some(3.0), None, Some(1.0), Some(2.0)]), Some(2.0));
        assert_eq!(median([None, None]), None);
    }
}
