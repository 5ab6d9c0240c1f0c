//! One reader that asks for pages, one after the other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::sample::Sample;

/// Between the fleet's page and the devices': somebody who clicks fast.
const EVERY: Duration = Duration::from_millis(250);

/// For one page.
const WITHIN: Duration = Duration::from_secs(30);

/// How long pages took.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// The first page.
    pub(super) fleet: Sample,
    /// The first hundred devices.
    pub(super) devices: Sample,
}

/// Asks until it is told to stop.
pub(super) async fn ask(address: SocketAddr, stop: CancellationToken) -> anyhow::Result<Pages> {
    let http = reqwest::Client::builder().no_proxy().timeout(WITHIN).build()?;
    let mut pages = Pages::default();
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_fleet = true;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(pages),
            _ = every.tick() => {}
        }
        let (path, sample) = if is_fleet { ("", &mut pages.fleet) } else { ("devices", &mut pages.devices) };
        let began = Instant::now();
        http.get(format!("http://{address}/{path}")).send().await?.error_for_status()?.bytes().await?;
        sample.add(began.elapsed());
        is_fleet = !is_fleet;
    }
}
