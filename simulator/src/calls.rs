//! How much asking a download takes, and how late its end is noticed: from the counters of a running fleet.
//!
//! Only images that came undisturbed are counted: on healthy devices and those whose problem leaves a download
//! alone, asked for once. A fleet goes faster than reality by a known factor, and so do the pauses of whoever asks;
//! then the number of requests is that of a real download as many times as long, and a delay is to be multiplied.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::counters::BoxCounters;
use crate::scenario::Problem;

/// `GET /counters`, as far as it is read here.
#[derive(Debug, Deserialize)]
pub struct Counters {
    /// Of each box.
    pub devices: BTreeMap<String, BoxCounters>,
}

/// `GET /state`, as far as it is read here.
#[derive(Debug, Deserialize)]
pub struct State {
    scale: u32,
    devices: Vec<StateDevice>,
}

#[derive(Debug, Deserialize)]
struct StateDevice {
    serial: String,
    scenario: String,
}

/// Downloads of about one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Class {
    /// The least they took, on a real device, in seconds.
    pub from_s: u64,
    /// How many.
    pub n_images: usize,
    /// Requests for one image: the median and the most.
    pub calls: (u64, u64),
    /// How late the end was noticed, as the part of a download: the median and the most.
    pub late_share: (f64, f64),
    /// The same as a time on a real device.
    pub late: (Duration, Duration),
}

/// Lengths on a real device at which a class begins, in seconds.
const CLASSES: [u64; 7] = [0, 30, 60, 120, 240, 420, 540];

/// Downloads that are judged take this long on a real device, in seconds: on shorter ones a delay is that of the
/// machine that simulates, multiplied.
pub const JUDGED_S: u64 = 540;

/// The latest that the end of a download may be noticed: this part of it, or this long if that is longer.
pub const LATE_SHARE: f64 = 0.05;
/// See [`LATE_SHARE`].
pub const LATE: Duration = Duration::from_secs(2);

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How many times faster than reality the fleet went.
    pub scale: u32,
    /// From short downloads to long ones; classes without images are left out.
    pub classes: Vec<Class>,
    /// Images that are judged.
    pub n_judged: usize,
    /// Those of them of which the end was noticed later than it may be.
    pub n_late: usize,
    /// The most requests that one of them took.
    pub most_calls: u64,
    /// Log-ins of the device that logged in most often, Panorama apart.
    pub most_keygens: u64,
    /// Connections of the device that was connected to most often, Panorama apart.
    pub most_connections: u64,
}

struct Sample {
    length: Duration,
    late: Duration,
    calls: u64,
}

impl Sample {
    fn is_late(&self) -> bool {
        self.late > LATE.max(self.length.mul_f64(LATE_SHARE))
    }

    fn late_share(&self) -> f64 {
        self.late.as_secs_f64() / self.length.as_secs_f64().max(0.001)
    }
}

/// Sums up what the counters hold.
pub fn report(counters: &Counters, state: &State) -> Report {
    let scale = state.scale.max(1);
    let calm = state.devices.iter().filter(|device| Problem::is_calm(&device.scenario));
    let boxes: Vec<&BoxCounters> = calm.filter_map(|device| counters.devices.get(&device.serial)).collect();
    let images = boxes.iter().flat_map(|numbers| numbers.images.values()).filter(|image| image.n_asked == 1);
    let samples: Vec<Sample> = images
        .filter_map(|image| {
            let (length, late) = (image.length()? * scale, image.late()? * scale);
            Some(Sample { length, late, calls: image.calls() })
        })
        .collect();
    let judged = || samples.iter().filter(|sample| sample.length.as_secs() >= JUDGED_S);
    let keygens = |numbers: &&BoxCounters| numbers.commands.get(&crate::word::Word::Keygen).copied();
    Report {
        scale,
        classes: CLASSES
            .iter()
            .enumerate()
            .filter_map(|(n, from_s)| class(&samples, *from_s, CLASSES.get(n + 1)))
            .collect(),
        n_judged: judged().count(),
        n_late: judged().filter(|sample| sample.is_late()).count(),
        most_calls: judged().map(|sample| sample.calls).max().unwrap_or(0),
        most_keygens: boxes.iter().filter_map(keygens).max().unwrap_or(0),
        most_connections: boxes.iter().map(|numbers| numbers.connections).max().unwrap_or(0),
    }
}

fn class(samples: &[Sample], from_s: u64, to_s: Option<&u64>) -> Option<Class> {
    let fits = |sample: &&Sample| {
        let length_s = sample.length.as_secs();
        length_s >= from_s && to_s.is_none_or(|to_s| length_s < *to_s)
    };
    let of_class: Vec<&Sample> = samples.iter().filter(fits).collect();
    if of_class.is_empty() {
        return None;
    }
    Some(Class {
        from_s,
        n_images: of_class.len(),
        calls: middle_and_most(of_class.iter().map(|sample| sample.calls).collect()),
        late_share: middle_and_most(of_class.iter().map(|sample| sample.late_share()).collect()),
        late: middle_and_most(of_class.iter().map(|sample| sample.late).collect()),
    })
}

fn middle_and_most<T: PartialOrd + Copy + Default>(mut values: Vec<T>) -> (T, T) {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let middle = values.get(values.len() / 2).copied().unwrap_or_default();
    (middle, values.last().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(asked_ms: u64, ended_ms: u64, noticed_ms: u64, polls: u64, n_asked: u32) -> serde_json::Value {
        serde_json::json!({"commands": {"job": polls, "software_info": 2, "download": 1}, "n_asked": n_asked,
            "asked_ms": asked_ms, "ended_ms": ended_ms, "noticed_ms": noticed_ms})
    }

    fn numbers(image: &serde_json::Value) -> serde_json::Value {
        serde_json::json!({"calls": 9, "commands": {"keygen": 1}, "downloads": {}, "images": {"12.1.2": image},
            "max_parallel_calls": 1, "connections": 2, "open_connections": 0})
    }

    #[test]
    fn undisturbed_images_are_grouped_by_their_length_on_a_real_device() {
        let counters = serde_json::json!({"devices": {
            "1": numbers(&image(0, 30_000, 30_900, 30, 1)),
            "2": numbers(&image(0, 6_000, 6_050, 12, 1)),
            "3": numbers(&image(0, 6_000, 60_000, 900, 1)),
            "4": numbers(&image(0, 6_000, 60_000, 900, 2)),
        }});
        let state = serde_json::json!({"scale": 20, "devices": [
            {"serial": "1", "scenario": "ten-minutes"}, {"serial": "2", "scenario": "plain"},
            {"serial": "3", "scenario": "reboots"}, {"serial": "4", "scenario": "plain"},
        ]});
        let counters = serde_json::from_value(counters).unwrap();
        let report = report(&counters, &serde_json::from_value(state).unwrap());
        let classes: Vec<_> = report.classes.iter().map(|class| (class.from_s, class.calls.1)).collect();
        assert_eq!(classes, [(120, 15), (540, 33)]);
        assert_eq!((report.n_judged, report.n_late, report.most_calls, report.most_keygens), (1, 0, 33, 1));
        assert_eq!(report.classes[1].late.1, Duration::from_secs(18));
    }
}
