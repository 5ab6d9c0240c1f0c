//! What was asked of a device, against what there was a reason to ask: no image twice without a reason, none that
//! was there or on its way, never two questions at once.

use super::{Deviation, FleetDevice};
use crate::counters::BoxCounters;

/// Whatever is wrong with what one device was asked.
pub(super) fn compare(device: &FleetDevice, numbers: &BoxCounters) -> Vec<Deviation> {
    let mut deviations = Vec::new();
    let at_most = u64::from(device.expected.asks);
    for (version, n) in numbers.downloads.iter().filter(|(_, n)| **n > at_most) {
        deviations.push(device.deviation(
            format!("{version} asked for at most {at_most} times"),
            format!("asked for {n} times"),
        ));
    }
    for (version, n) in numbers.downloads.iter().filter(|(version, _)| device.unasked.contains(version)) {
        deviations.push(device.deviation(
            format!("{version} not asked for: it was there or on its way"),
            format!("asked for {n} times"),
        ));
    }
    if numbers.max_parallel_calls > 1 {
        deviations.push(device.deviation(
            "one call at a time".to_owned(),
            format!("{} calls at once", numbers.max_parallel_calls),
        ));
    }
    deviations
}
