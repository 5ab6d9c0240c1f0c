//! The control endpoint: plain HTTP and JSON on loopback, for tests and the demo.
//!
//! | request | does |
//! |---|---|
//! | `GET /state` | every device: where, what, which problem, how its job must end, what is on it |
//! | `GET /counters` | requests, connections, accepted downloads and the cost of each image, in total and per box |
//! | `GET /journal?since=N` | requests after number N: who asked, when it came, when and what was answered, what began |
//! | `GET /catalogue` | CSV `version,filename,sha256` of every image in any list, but those that a problem wants unknown |
//! | `GET /devices/SERIAL/faults` | the faults of a device, innate and injected |
//! | `POST /devices/SERIAL/faults` | adds faults: one object or an array of them |
//! | `DELETE /devices/SERIAL/faults` | removes what was injected |
//! | `POST /faults`, `DELETE /faults` | the same for every firewall |
//! | `POST /speed` | `{"download_time": "1s"}` for downloads that begin from now on |
//! | `POST /reset-counters` | all numbers to zero |
//!
//! The serial `panorama` stands for Panorama. Bad input gets 400 or 404 and a text that says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::PANORAMA_SERIAL;
use crate::counters::{BoxCounters, lock};
use crate::expected::Expected;
use crate::faults::{Fault, FaultRequest};
use crate::journal::Page;
use crate::span::Span;
use crate::version::Version;
use crate::word::Word;
use crate::world::World;

/// The longest request body.
const BODY_LIMIT: usize = 1024 * 1024;

/// Refused input: status and reason.
type Refusal = (StatusCode, String);
type Shared = State<Arc<World>>;

/// The routes.
pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/state", get(state))
        .route("/counters", get(counters))
        .route("/journal", get(journal))
        .route("/catalogue", get(catalogue))
        .route("/devices/{serial}/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/faults", post(add_faults_everywhere).delete(clear_faults_everywhere))
        .route("/speed", post(speed))
        .route("/reset-counters", post(reset_counters))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(world)
}

/// The answer to `GET /state`.
#[derive(Debug, Serialize)]
struct FleetState {
    target: Version,
    scale: u32,
    devices: Vec<DeviceState>,
}

#[derive(Debug, Serialize)]
struct DeviceState {
    serial: String,
    hostname: String,
    address: String,
    model: &'static str,
    version: Version,
    scenario: String,
    oddities: Vec<&'static str>,
    expected: Expected,
    present: Vec<Version>,
    unasked: Vec<Version>,
    downloading: Option<Version>,
}

async fn state(State(world): Shared) -> Json<FleetState> {
    let now = world.clock.now();
    let devices = world.firewalls.iter().map(|firewall| {
        let device = firewall.at(now);
        DeviceState {
            serial: firewall.serial.clone(),
            hostname: device.spec.hostname.clone(),
            address: firewall.address.to_string(),
            model: device.spec.model.name,
            version: device.running(),
            scenario: device.spec.scenario.clone(),
            oddities: device.spec.oddities.clone(),
            expected: device.spec.expected.clone(),
            present: device.present(),
            unasked: device.unasked(),
            downloading: device.downloading(),
        }
    });
    Json(FleetState { target: world.target, scale: world.pace().scale, devices: devices.collect() })
}

/// The answer to `GET /counters`.
#[derive(Debug, Default, Serialize)]
struct AllCounters {
    calls: u64,
    commands: BTreeMap<Word, u64>,
    devices: BTreeMap<String, BoxCounters>,
}

async fn counters(State(world): Shared) -> Json<AllCounters> {
    let mut all = AllCounters::default();
    let panorama = (PANORAMA_SERIAL, &world.panorama.counters);
    let firewalls = world.firewalls.iter().map(|one| (one.serial.as_str(), &one.counters));
    for (serial, counters) in [panorama].into_iter().chain(firewalls) {
        let numbers = lock(counters).clone();
        for (word, n) in &numbers.commands {
            all.calls += n;
            *all.commands.entry(*word).or_default() += n;
        }
        all.devices.insert(serial.to_owned(), numbers);
    }
    Json(all)
}

async fn reset_counters(State(world): Shared) -> StatusCode {
    lock(&world.panorama.counters).reset();
    for firewall in &world.firewalls {
        lock(&firewall.counters).reset();
    }
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    since: u64,
}

/// The answer to `GET /journal`.
#[derive(Debug, Serialize)]
struct JournalPage {
    /// The wall-clock time that its milliseconds are counted from.
    started_at: Timestamp,
    #[serde(flatten)]
    page: Page,
}

async fn journal(State(world): Shared, Query(since): Query<Since>) -> impl IntoResponse {
    Json(JournalPage { started_at: world.clock.started_at(), page: world.journal.since(since.since) })
}

async fn catalogue(State(world): Shared) -> impl IntoResponse {
    let mut rows = BTreeSet::new();
    let mut left_out = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for firewall in &world.firewalls {
        let device = firewall.at(world.clock.now());
        let unknown = device.spec.list.iter().filter(|image| device.is_left_out_of_catalogue(image));
        left_out.extend(unknown.map(|image| image.filename.clone()));
        // Devices of one platform share a list, or have a part of it.
        if !seen.insert((device.spec.model.platform.file_part, device.spec.list.len())) {
            continue;
        }
        for image in device.spec.list.iter() {
            rows.insert((image.version, image.filename.clone(), image.sha256.clone()));
        }
    }
    let mut csv = String::from("version,filename,sha256\n");
    for (version, filename, sha256) in rows.iter().filter(|(_, filename, _)| !left_out.contains(filename)) {
        let _ = writeln!(csv, "{version},{filename},{sha256}");
    }
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv)
}

/// One fault, or several.
#[derive(Debug)]
struct FaultRequests(Vec<FaultRequest>);

impl FaultRequests {
    fn read(body: &str) -> Result<Self, Refusal> {
        let parsed = if body.trim_start().starts_with('[') {
            serde_json::from_str(body)
        } else {
            serde_json::from_str(body).map(|one| vec![one])
        };
        parsed.map(Self).map_err(|error| (StatusCode::BAD_REQUEST, format!("not a fault: {error}\n")))
    }

    fn resolve(&self, world: &World) -> Result<Vec<Fault>, Refusal> {
        let now = world.clock.now();
        let faults: Result<_, _> = self.0.iter().map(|request| request.resolve(now)).collect();
        faults.map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))
    }
}

fn inject(world: &World, serial: &str, faults: &[Fault]) -> Result<(), Refusal> {
    if serial == PANORAMA_SERIAL {
        let mut place = lock(&world.panorama.faults);
        faults.iter().for_each(|fault| place.inject(fault.clone()));
        return Ok(());
    }
    let firewall = world.firewall(serial).ok_or_else(|| no_device(serial))?;
    let now = world.clock.now();
    let mut device = firewall.at(now);
    faults.iter().for_each(|fault| device.faults.inject(fault.clone()));
    // A stall and a set reboot begin now, not at the next request.
    device.settle(now);
    Ok(())
}

fn clear(world: &World, serial: &str) -> Result<(), Refusal> {
    if serial == PANORAMA_SERIAL {
        lock(&world.panorama.faults).clear();
        return Ok(());
    }
    let firewall = world.firewall(serial).ok_or_else(|| no_device(serial))?;
    let now = world.clock.now();
    let mut device = firewall.at(now);
    device.faults.clear();
    device.settle(now);
    Ok(())
}

fn no_device(serial: &str) -> Refusal {
    (StatusCode::NOT_FOUND, format!("no device has the serial `{serial}`\n"))
}

async fn faults(State(world): Shared, Path(serial): Path<String>) -> Result<Json<Vec<Fault>>, Refusal> {
    let now = world.clock.now();
    if serial == PANORAMA_SERIAL {
        return Ok(Json(lock(&world.panorama.faults).active(now).cloned().collect()));
    }
    let firewall = world.firewall(&serial).ok_or_else(|| no_device(&serial))?;
    Ok(Json(firewall.at(now).faults.active(now).cloned().collect()))
}

async fn add_faults(
    State(world): Shared,
    Path(serial): Path<String>,
    body: String,
) -> Result<StatusCode, Refusal> {
    let faults = FaultRequests::read(&body)?.resolve(&world)?;
    inject(&world, &serial, &faults)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(world): Shared, Path(serial): Path<String>) -> Result<StatusCode, Refusal> {
    clear(&world, &serial)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_faults_everywhere(State(world): Shared, body: String) -> Result<StatusCode, Refusal> {
    let faults = FaultRequests::read(&body)?.resolve(&world)?;
    for firewall in &world.firewalls {
        inject(&world, &firewall.serial, &faults)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults_everywhere(State(world): Shared) -> Result<StatusCode, Refusal> {
    for firewall in &world.firewalls {
        clear(&world, &firewall.serial)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Speed {
    download_time: Span,
}

async fn speed(State(world): Shared, body: String) -> Result<StatusCode, Refusal> {
    let speed: Speed = serde_json::from_str(&body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("not a speed: {error}\n")))?;
    world.set_download_time(speed.download_time.0);
    Ok(StatusCode::NO_CONTENT)
}
