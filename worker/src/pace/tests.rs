use super::*;

const PACE: Pace = Pace { min: Duration::from_secs(2), max: Duration::from_secs(30) };

/// The look before, the request, and the look after.
const OTHER_CALLS: u32 = 3;

/// Lengths of downloads, from a small image next door to a large one behind a thin line.
const LENGTHS_S: [u64; 16] = [5, 8, 10, 20, 30, 45, 60, 90, 120, 200, 300, 450, 600, 1_800, 3_600, 10_800];

/// What a device says when this part of the whole time is over.
type Says = fn(f64) -> Option<u8>;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=99")]
fn percent(part: f64) -> Option<u8> {
    Some((100.0 * part).clamp(0.0, 99.0) as u8)
}

/// Transfer until `transferred`, then 0 while the image is loaded.
fn then_loads(part: f64, transferred: f64) -> Option<u8> {
    if part < transferred { percent(part / transferred) } else { Some(0) }
}

/// Devices that tell how far they are, each in its way.
const TELLING: [(&str, Says); 10] = [
    ("even", percent),
    ("loading for a twentieth", |part| then_loads(part, 0.95)),
    ("loading for a tenth", |part| then_loads(part, 0.9)),
    ("loading for three tenths", |part| then_loads(part, 0.7)),
    ("loading for half the time", |part| then_loads(part, 0.5)),
    ("standing at 99 for a tenth", |part| percent(part / 0.9)),
    ("quick first", |part| percent(part.sqrt())),
    ("slow first", |part| percent(part * part)),
    ("standing still in the middle", |part| match part {
        ..0.3 => percent(part),
        0.3..0.6 => percent(0.3),
        _ => percent(0.3 + (part - 0.6) * 0.7 / 0.4),
    }),
    ("in waves", |part| percent(part + 0.03 * (20.0 * part).sin())),
];

/// Devices that tell nothing of use.
const SILENT: [(&str, Says); 2] = [("no progress", |_| None), ("always 0", |_| Some(0))];

/// Asks about a download of `length` until it has ended: how often, and how late the end was seen.
fn follow(length: Duration, says: Says, jitter: f64) -> (u32, Duration) {
    let mut pace = PACE.download();
    let (mut now, mut questions) = (PACE.min, 0);
    loop {
        questions += 1;
        if now >= length {
            return (questions, now - length);
        }
        now += pace.wait(now, says(now.as_secs_f64() / length.as_secs_f64()), jitter);
    }
}

/// Every length, a little varied so that no rhythm hides a wait, with every jitter.
fn each(devices: &[(&str, Says)], judge: impl Fn(&str, Duration, u32, Duration)) {
    for (name, says) in devices {
        for length in LENGTHS_S {
            for varied in [1.0, 1.013, 1.031, 1.057, 1.083] {
                for jitter in [0.0, 0.5, 1.0] {
                    let length = Duration::from_secs(length).mul_f64(varied);
                    let (questions, late) = follow(length, *says, jitter);
                    judge(&format!("{name}, {length:?}"), length, questions + OTHER_CALLS, late);
                }
            }
        }
    }
}

#[test]
fn the_end_of_a_told_download_is_noticed_within_five_percent_or_two_seconds() {
    each(&TELLING, |what, length, _, late| {
        assert!(late <= length.mul_f64(0.052).max(PACE.min), "{what}: {late:?} late");
    });
}

#[test]
fn ten_minutes_cost_at_most_forty_five_calls() {
    let devices: Vec<_> = TELLING.into_iter().chain(SILENT).collect();
    for (name, says) in devices {
        for length_s in [60, 300, 450, 580, 600] {
            for jitter in [0.0, 0.5, 1.0] {
                let (questions, _) = follow(Duration::from_secs(length_s), says, jitter);
                let calls = questions + OTHER_CALLS;
                assert!(calls <= 45, "{name}, {length_s} s: {calls} calls");
            }
        }
    }
}

#[test]
fn three_hours_cost_a_call_per_half_minute() {
    each(&TELLING, |what, length, calls, _| {
        let most = 60 + length.as_secs() / 26;
        assert!(u64::from(calls) <= most, "{what}: {calls} calls, at most {most}");
    });
}

#[test]
fn the_end_of_an_untold_download_is_noticed_within_a_sixth_and_from_ten_minutes_within_five_percent() {
    each(&SILENT, |what, length, _, late| {
        let part = if length.as_secs() >= 600 { 0.05 } else { 0.17 };
        assert!(late <= length.mul_f64(part).max(PACE.min), "{what}: {late:?} late");
    });
}

#[test]
fn progress_in_steps_of_ten_is_good_enough_for_an_eighth() {
    let says: Says = |part| percent((part * 10.0).floor() / 10.0);
    each(&[("steps", says)], |what, length, _, late| {
        assert!(late <= length.mul_f64(0.125).max(PACE.min), "{what}: {late:?} late");
    });
}

#[test]
fn no_wait_leaves_its_bounds() {
    let mut pace = PACE.download();
    for elapsed in [0, 1, 100, 100_000, 1_000_000_000] {
        for progress in [None, Some(0), Some(1), Some(50), Some(99), Some(100), Some(255), Some(7)] {
            for jitter in [-1.0, 0.0, 1.0, 2.0] {
                let wait = pace.wait(Duration::from_secs(elapsed), progress, jitter);
                assert!((PACE.min..=PACE.max).contains(&wait), "{elapsed} {progress:?} {wait:?}");
            }
        }
    }
    assert!((PACE.min..=PACE.max).contains(&PACE.slow(0.7)));
}
