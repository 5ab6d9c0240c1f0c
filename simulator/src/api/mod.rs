//! The XML API on the wire, for firewalls and for Panorama.
//!
//! Written from the recorded answers and the vendor's documents alone; shares no code with any client. A request
//! goes through the same gates everywhere: count, faults, log-in, then the command. Leaves to others: TLS, HTTP
//! and connections ([`crate::server`]).

pub mod command;
mod config;
mod devices;
mod ha;
mod import;
mod info;
mod jobs;
mod keygen;
pub mod reply;
pub mod request;
mod software;
pub mod spoil;
mod support;
#[cfg(test)]
mod tests;
mod xml;

use std::time::Duration;

use crate::clock::Moment;
use crate::counters::{InFlight, lock};
use crate::device::Device;
use crate::faults::{FaultKind, Strike};
use crate::journal::Asked;
use crate::scenario::Quirks;
use crate::version::Version;
use crate::word::Word;
use crate::world::{Firewall, Host, World};
use command::{Ask, Command};
use reply::Reply;
use request::Request;

/// Name of Panorama in journal and counters.
pub const PANORAMA_SERIAL: &str = "panorama";
/// How long a connection that hangs is held; longer than any client waits.
const HANG: Duration = Duration::from_secs(600);

/// Answers one request to the box at an address.
pub async fn answer(world: &World, host: Host<'_>, request: &Request) -> Reply {
    let asked = Ask::read(request);
    let word = asked.word();
    let (serial, counters) = match host {
        Host::Panorama => (PANORAMA_SERIAL, &world.panorama.counters),
        Host::Firewall(firewall) => (firewall.serial.as_str(), &firewall.counters),
    };
    let in_flight = InFlight::begin(counters, word);
    let open = world.journal.open(&world.clock, noted(serial, &asked, request));
    let is_crowded = world.max_parallel_calls.is_some_and(|limit| in_flight.parallel_calls > limit);
    let strike = on_answer(world, host, word);
    let crowd_delay = world.parallel_delay.filter(|_| is_crowded).unwrap_or_default();
    tokio::time::sleep(strike.delay + crowd_delay).await;

    let key = request.key.as_deref().unwrap_or_default();
    let reply = match &strike.spoiled {
        Some(FaultKind::Hang) => {
            tokio::time::sleep(HANG).await;
            Reply::reset()
        }
        Some(fault) => spoil::reply(fault, key, word),
        None if is_crowded && world.parallel_delay.is_none() => {
            spoil::reply(&FaultKind::HttpError { status: 503 }, key, word)
        }
        None => unspoiled(world, host, request, asked).await,
    };
    open.answered(reply.summary(), reply.begun);
    reply
}

/// What the journal keeps of a request.
fn noted(serial: &str, asked: &Ask, request: &Request) -> Asked {
    Asked {
        serial: serial.to_owned(),
        command: asked.word(),
        version: asked.version(),
        device_job: asked.device_job(),
        client: request.client.clone(),
    }
}

fn on_answer(world: &World, host: Host<'_>, word: Word) -> Strike {
    let now = world.clock.now();
    match host {
        Host::Panorama => lock(&world.panorama.faults).on_answer(now, word),
        Host::Firewall(firewall) => {
            let mut device = firewall.at(now);
            if device.is_down(now) {
                return Strike { spoiled: Some(FaultKind::Reset), ..Strike::default() };
            }
            if device.take_malformed(now) {
                return Strike { spoiled: Some(FaultKind::MalformedXml), ..Strike::default() };
            }
            let strike = device.faults.on_answer(now, word);
            if strike.spoiled == Some(FaultKind::KeyExpired) {
                device.keys.expire();
            }
            strike
        }
    }
}

async fn unspoiled(world: &World, host: Host<'_>, request: &Request, asked: Ask) -> Reply {
    if let Ask::Keygen { username, password } = &asked {
        return keygen::reply(world, host, username, password);
    }
    if let Some(denial) = keygen::deny(world, host, request) {
        return denial;
    }
    match host {
        Host::Panorama => panorama(world, request, asked).await,
        Host::Firewall(firewall) => on_firewall(world, firewall, asked).await,
    }
}

/// Panorama's own commands, and those it passes on to a firewall.
async fn panorama(world: &World, request: &Request, asked: Ask) -> Reply {
    let Some(target) = &request.target else {
        return match asked {
            Ask::Op(Command::Devices { connected_only }) => devices::reply(world, connected_only),
            Ask::Op(Command::SystemInfo) => info::panorama(world),
            Ask::Op(Command::DeviceGroups) => config::device_groups(world),
            Ask::Op(Command::HaState) => ha::panorama(world),
            Ask::Config { xpath } => config::panorama(world, &xpath),
            Ask::Version => info::panorama_version(),
            Ask::Op(_) | Ask::Unsupported { .. } | Ask::Import { .. } | Ask::Keygen { .. } => {
                xml::unexpected()
            }
            Ask::Malformed { .. } => xml::malformed(),
        };
    };
    // Recorded; other wordings are known to a public tool.
    const NOT_CONNECTED: &str = "not connected";
    let Some(firewall) = world.firewall(target) else {
        return xml::error(None, &format!("{target} {NOT_CONNECTED}"));
    };
    let now = world.clock.now();
    let offline = {
        let mut device = firewall.at(now);
        let cut = |kind: &FaultKind| matches!(kind, FaultKind::Refuse | FaultKind::Hang);
        let is_offline =
            device.is_down(now) || device.spec.quirks.disconnected || device.faults.take(now, cut).is_some();
        let text = device.spec.quirks.offline_text.clone();
        is_offline.then(|| text.unwrap_or_else(|| NOT_CONNECTED.to_owned()))
    };
    if let Some(text) = offline {
        return xml::error(None, &format!("{target} {text}"));
    }
    let word = asked.word();
    let _in_flight = InFlight::begin(&firewall.counters, word);
    let open = world.journal.open(&world.clock, noted(&firewall.serial, &asked, request));
    let reply = on_firewall(world, firewall, asked).await;
    open.answered(reply.summary(), reply.begun);
    reply
}

async fn on_firewall(world: &World, firewall: &Firewall, asked: Ask) -> Reply {
    let word = asked.word();
    if word == Word::SoftwareCheck {
        let slower = firewall.at(world.clock.now()).spec.quirks.slow_check;
        tokio::time::sleep(world.pace().check_time + slower.map_or(Duration::ZERO, |slower| slower.0)).await;
    }
    let now = world.clock.now();
    let mut device = firewall.at(now);
    device.on_contact(now, world.download_length(&firewall.serial, world.target) * 2);
    let quirks = device.spec.quirks.clone();
    let mut call = Call { world, firewall, device: &mut device, now };
    let (reply, peer) = match asked {
        Ask::Version => (info::version(&call), None),
        Ask::Config { xpath } => (config::firewall(&call, &xpath), None),
        Ask::Import { filename, size_bytes } => (import::reply(&mut call, &filename, size_bytes), None),
        Ask::Op(command) => on_command(&mut call, command),
        Ask::Malformed { .. } => (xml::malformed(), None),
        Ask::Unsupported { .. } | Ask::Keygen { .. } => (xml::unexpected(), None),
    };
    let is_lost =
        word == Word::Download && device.faults.take(now, |kind| *kind == FaultKind::AnswerLost).is_some();
    lock(&firewall.counters).follow(word, now, device.last_end());
    drop(device);
    if let Some(copy) = peer
        && let Some(peer) = world.firewall(&copy.serial)
    {
        peer.at(now).receive(copy.version, now, copy.length);
    }
    if is_lost { reply.lost() } else { reply.dressed(&quirks) }
}

/// One command on one device at one moment.
pub(crate) struct Call<'a> {
    /// The simulation.
    pub world: &'a World,
    /// Which firewall.
    pub firewall: &'a Firewall,
    /// Its state, settled.
    pub device: &'a mut Device,
    /// When.
    pub now: Moment,
}

impl Call<'_> {
    fn quirks(&self) -> &Quirks {
        &self.device.spec.quirks
    }
}

/// A copy that goes on to the other member of a pair.
pub(crate) struct PeerCopy {
    serial: String,
    version: Version,
    length: Duration,
}

fn on_command(call: &mut Call<'_>, command: Command) -> (Reply, Option<PeerCopy>) {
    let reply = match command {
        Command::SystemInfo => info::firewall(call),
        Command::DiskSpace => info::disk_space(call),
        Command::SoftwareCheck => {
            call.device.check(call.now);
            software::list(call)
        }
        Command::SoftwareInfo => software::list(call),
        Command::Download { version, sync_to_peer } => {
            return software::download(call, &version, sync_to_peer);
        }
        Command::Install { version } => software::install(call, &version),
        Command::Delete { version } => software::delete(call, &version),
        Command::Job { id } => jobs::one(call, &id),
        Command::Jobs(which) => jobs::list(call, which),
        Command::HaState => ha::firewall(call),
        Command::SupportCheck => support::support(call),
        Command::LicenseFetch => support::licenses(call),
        Command::Content => support::content(call),
        Command::LicenseInfo => support::licenses(call),
        Command::ChassisReady => info::chassis_ready(call),
        Command::Restart => info::restart(call),
        Command::Locks { element } => xml::success(&format!("<{element}/>")),
        // Said not to be available over the API (an issue of the vendor's own Ansible collection).
        Command::SwmStatus | Command::Devices { .. } | Command::DeviceGroups | Command::Unknown { .. } => {
            xml::unexpected()
        }
    };
    (reply, None)
}
