//! What a dashboard takes, how late it is, and whether a tab that stands still slows the fleet.
//!
//! The real program over a real ledger, written to through the ledger's own doors: each job is claimed, recorded twice
//! and ended, which makes an event each. Meanwhile browsers' streams are read, and one reader asks for pages.
//!
//! | figure | how it is taken |
//! |---|---|
//! | events/s | commits, each with one event, while it was measured |
//! | CPU, memory | the dashboard's process alone |
//! | pages | from the request to the last byte, one at a time |
//! | update | from the commit of a job's end to the fragment that counts it; one picture per second at most |
//! | full speed | commits per second when nobody paces them, with the same stopped tabs as in the line |
//!
//! | module | what |
//! |---|---|
//! | `load` | writes |
//! | `stream` | reads what is streamed to browsers |
//! | `pages` | asks for pages |
//! | `stopped` | connects, and never reads |

mod load;
mod pages;
mod stopped;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use e2e::crowd;
use e2e::world::{SOON, Setup, Way, Worker, World};
use serde_json::json;
use testkit::ports::free_port;
use testkit::wait::wait_until;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use worker::relay::Relay;

use crate::meter::Meter;
use crate::output;
use crate::report::{Column, Line, Report};
use crate::sample::Sample;
use load::Load;

/// Devices in the inventory, each with a job.
const DEVICES: u32 = 10_000;

/// Events per second.
const RATE: u32 = 200;

/// How long each circumstance is measured.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_secs(10);

/// How long writers write as fast as they can, each time.
const FULL_SPEED: Duration = Duration::from_secs(4);

/// Tabs that never read, where there are any: one would do, a few show it more clearly.
const STOPPED: usize = 4;

/// How often the relay looks without being nudged.
const RELAY_EVERY: Duration = Duration::from_millis(200);
const RELAY_WINDOW: usize = 500;

const COLUMNS: [Column; 10] = [
    Column { key: "events_per_s", heading: "events/s", decimals: 0 },
    Column { key: "cpu_percent", heading: "CPU %", decimals: 1 },
    Column { key: "peak_rss_mib", heading: "peak MiB", decimals: 1 },
    Column { key: "fleet_page_p50_ms", heading: "fleet p50 ms", decimals: 1 },
    Column { key: "fleet_page_p95_ms", heading: "p95", decimals: 1 },
    Column { key: "devices_page_p50_ms", heading: "devices p50 ms", decimals: 1 },
    Column { key: "devices_page_p95_ms", heading: "p95", decimals: 1 },
    Column { key: "update_p50_ms", heading: "update p50 ms", decimals: 0 },
    Column { key: "update_p95_ms", heading: "p95", decimals: 0 },
    Column { key: "full_speed_per_s", heading: "full speed /s", decimals: 0 },
];

/// Browsers' streams that are read, and tabs that are stopped.
#[derive(Debug, Clone, Copy)]
struct Circumstance {
    n_readers: usize,
    n_stopped: usize,
}

const CIRCUMSTANCES: [Circumstance; 3] = [
    Circumstance { n_readers: 1, n_stopped: 0 },
    Circumstance { n_readers: 8, n_stopped: 0 },
    Circumstance { n_readers: 8, n_stopped: STOPPED },
];

/// Measures so often, and answers the medians.
///
/// # Errors
/// When a program or a server does not do what it should.
pub(crate) async fn measure(way: Way, short: bool, repeat: usize) -> anyhow::Result<Report> {
    let length = if short { SHORT } else { LONG };
    let mut repetitions = Vec::new();
    for n in 1..=repeat {
        output::progress(&format!("repetition {n} of {repeat}: {DEVICES} devices with a job each"));
        repetitions.push(repetition(way, length).await?);
    }
    let about = format!(
        "{} devices, {} events/s, {:?}, {} s per line, medians of {repeat}, {} build, {} processors",
        DEVICES,
        RATE,
        way,
        length.as_secs(),
        if cfg!(debug_assertions) { "debug" } else { "release" },
        std::thread::available_parallelism().map_or(1, usize::from),
    );
    let mut report = Report::of("dashboard", about, COLUMNS.to_vec(), &repetitions);
    if let [_, without, with] = &report.lines[..]
        && let (Some(Some(without)), Some(Some(with))) = (without.figures.last(), with.figures.last())
    {
        report.about += &format!(
            "\nwith {STOPPED} stopped tabs the ledger is written to at {:.2} of the speed without",
            with / without
        );
    }
    Ok(report)
}

/// All circumstances, on a world of its own.
async fn repetition(way: Way, length: Duration) -> anyhow::Result<Vec<Line>> {
    let world = World::new(way, Setup::devices(1)).await;
    let engine = world.engine().await;
    crowd::register(&*engine.ledger, DEVICES).await?;
    let jobs = crowd::enqueue(&*engine.ledger, (1..=DEVICES).map(crowd::serial)).await?;
    let relay = Arc::new(Relay::new(engine.clone(), RELAY_EVERY, RELAY_WINDOW));
    relay.flush(SOON).await.context("the wake-ups of the new jobs")?;
    let end = CancellationToken::new();
    let relaying = tokio::spawn({
        let (relay, end) = (relay.clone(), end.clone());
        async move { relay.run(&end).await }
    });
    let load = Load::new(engine.ledger.clone(), relay, jobs);
    let (server, address) = serve(&world).await?;

    let mut lines = Vec::new();
    for circumstance in CIRCUMSTANCES {
        output::progress(&format!("  {}", circumstance.in_words()));
        lines.push(circumstance.measure(&load, &server, address, length).await?);
    }
    full_speed(&load, address, &mut lines).await?;

    end.cancel();
    relaying.await?;
    let code = server.terminated().await;
    anyhow::ensure!(code == 0, "the dashboard ended with {code}");
    Ok(lines)
}

async fn serve(world: &World) -> anyhow::Result<(Worker<'_>, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let configuration = world.configured(&[("dashboard.listen", json!(address.to_string()))]);
    let server = world.start(&world.program_with("panos-upgrade-dashboard", &configuration));
    wait_until("the dashboard listens", SOON, async || match TcpStream::connect(address).await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error}; it logged: {}", server.logged())),
    })
    .await;
    Ok((server, address))
}

/// Fills in the last column, first without stopped tabs, with them twice, and without again, so that what slows down
/// in general weighs on both alike.
async fn full_speed(load: &Load, address: SocketAddr, lines: &mut [Line]) -> anyhow::Result<()> {
    let [_, without, with] = lines else { return Ok(()) };
    output::progress("  as fast as it goes, with and without stopped tabs");
    let mut rates = [Vec::new(), Vec::new()];
    for is_stopped in [false, true, true, false] {
        let _stopped = stopped::tabs(address, if is_stopped { STOPPED } else { 0 }).await?;
        let written = load.write(None, FULL_SPEED).await?;
        rates[usize::from(is_stopped)].push(written.per_s());
    }
    let mean = |rates: &[Option<f64>]| match rates {
        [Some(one), Some(other)] => Some(f64::midpoint(*one, *other)),
        _ => None,
    };
    without.figures.push(mean(&rates[0]));
    with.figures.push(mean(&rates[1]));
    Ok(())
}

impl Circumstance {
    fn in_words(self) -> String {
        match self {
            Self { n_readers: 1, n_stopped: 0 } => "1 browser".to_owned(),
            Self { n_readers, n_stopped: 0 } => format!("{n_readers} browsers"),
            Self { n_readers, n_stopped } => format!("{n_readers} browsers, {n_stopped} stopped tabs"),
        }
    }

    async fn measure(
        self,
        load: &Load,
        server: &Worker<'_>,
        address: SocketAddr,
        length: Duration,
    ) -> anyhow::Result<Line> {
        let _stopped = stopped::tabs(address, self.n_stopped).await?;
        let stop = CancellationToken::new();
        let ends = load.follow_ends().await?;
        let mut readers = Vec::new();
        for _ in 0..self.n_readers {
            readers.push(tokio::spawn(stream::read(
                stream::open(address).await?,
                ends.clone(),
                stop.clone(),
            )));
        }
        let asking = tokio::spawn(pages::ask(address, stop.clone()));
        let meter = Meter::begin(server.id())?;
        let written = load.write(Some(RATE), length).await?;
        let cpu = meter.processor_percent()?;
        stop.cancel();

        let mut updates = Sample::default();
        for reader in readers {
            updates.append(reader.await??);
        }
        let pages = asking.await??;
        let figures = vec![
            written.per_s(),
            Some(cpu),
            Some(meter.peak_mib()?),
            pages.fleet.percentile(50),
            pages.fleet.percentile(95),
            pages.devices.percentile(50),
            pages.devices.percentile(95),
            updates.percentile(50),
            updates.percentile(95),
        ];
        Ok(Line { what: self.in_words(), figures })
    }
}
