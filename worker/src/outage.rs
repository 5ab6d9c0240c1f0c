//! Something that is away for a while: told once and then every so often, and asked again at growing, spread pauses.
//!
//! Promises: one outage makes one warning when it begins, one every [`TELL_AGAIN`], and one line when it is over; the
//! tries in between are there for whoever looks at `debug`. Many workers that lose one server do not come back to it
//! in step. Leaves to others: what an outage is (the loops).

use std::error::Error;
use std::time::Duration;

use common::report::Chain;
use tokio::time::Instant;
use tracing::{debug, info, warn};

/// Pause before the first try, doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Part of a pause by which it is shortened at most.
const JITTER: f64 = 0.5;

/// Time after which an outage that goes on is told once more.
const TELL_AGAIN: Duration = Duration::from_secs(5 * 60);

/// One thing that may be away, and what was said about it.
#[derive(Debug)]
pub(crate) struct Outage {
    /// What does not happen meanwhile, for example `leases not renewed`.
    what: &'static str,
    now: Option<Now>,
}

/// An outage that goes on.
#[derive(Debug)]
struct Now {
    began: Instant,
    told: Instant,
    n_tries: u32,
}

impl Outage {
    /// Nothing is away.
    pub(crate) const fn none(what: &'static str) -> Self {
        Self { what, now: None }
    }

    /// Whether it goes on.
    pub(crate) fn is_on(&self) -> bool {
        self.now.is_some()
    }

    /// Takes note of an error; a warning for people only where it is news.
    pub(crate) fn met(&mut self, error: &(dyn Error + '_)) {
        let (what, now) = (self.what, Instant::now());
        let Some(known) = &mut self.now else {
            self.now = Some(Now { began: now, told: now, n_tries: 1 });
            warn!("{what}: {}; trying again until it works", Chain(error));
            return;
        };
        known.n_tries = known.n_tries.saturating_add(1);
        if now.duration_since(known.told) >= TELL_AGAIN {
            known.told = now;
            let for_s = now.duration_since(known.began).as_secs();
            warn!("{what} for {for_s} s now, {} tries: {}", known.n_tries, Chain(error));
        } else {
            debug!("{what}, try {}: {}", known.n_tries, Chain(error));
        }
    }

    /// Takes note that it works.
    pub(crate) fn over(&mut self) {
        if let Some(known) = self.now.take() {
            let for_s = known.began.elapsed().as_secs();
            info!("works again after {for_s} s and {} tries (was: {})", known.n_tries, self.what);
        }
    }

    /// How long to wait before the next try.
    pub(crate) fn pause(&self) -> Duration {
        let n_tries = self.now.as_ref().map_or(0, |known| known.n_tries);
        pause(n_tries, rand::random())
    }
}

/// The pause after try number `n_tries`, spread by `jitter` in 0..=1.
pub(crate) fn pause(n_tries: u32, jitter: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << n_tries.saturating_sub(1).min(10));
    doubled.min(LONGEST_PAUSE).mul_f64(1.0 - JITTER * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_and_are_spread() {
        let pauses: Vec<u128> = (1..=8).map(|n_tries| pause(n_tries, 0.0).as_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
        assert_eq!(pause(u32::MAX, 1.0), LONGEST_PAUSE / 2);
        assert_eq!(pause(0, 0.0), FIRST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_told_when_it_begins_and_then_every_so_often() {
        let mut outage = Outage::none("nothing is asked");
        let error = std::io::Error::other("away");
        let mut told_at = Vec::new();
        for second in 0..=660_u32 {
            let before = outage.now.as_ref().map(|now| now.told);
            outage.met(&error);
            if outage.now.as_ref().map(|now| now.told) != before {
                told_at.push(second);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(told_at, [0, 300, 600]);
        outage.over();
        assert!(!outage.is_on());
    }
}
