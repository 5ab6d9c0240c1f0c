//! Everything that the simulator knows while it runs.
//!
//! Each device is behind a lock of its own, which is never held across an await. Leaves to others: what is said
//! on the wire ([`crate::api`]) and on the control endpoint ([`crate::control`]).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::clock::{Clock, Moment, millis};
use crate::counters::{BoxCounters, lock};
use crate::device::Device;
use crate::device::keys::Keys;
use crate::faults::{Fault, FaultKind, Faults};
use crate::fleet::{self, PANORAMA};
use crate::journal::Journal;
use crate::scenario::file::ScenarioError;
use crate::scenario::{Pace, Scenario};
use crate::seeded::Seed;
use crate::version::Version;

/// The account whose key a keygen makes.
pub const USERNAME: &str = "stager";

/// A firewall, its numbers beside it.
#[derive(Debug)]
pub struct Firewall {
    device: Mutex<Device>,
    /// Its numbers.
    pub counters: Mutex<BoxCounters>,
    /// Serial, fixed.
    pub serial: String,
    /// Address, fixed.
    pub address: Ipv4Addr,
}

impl Firewall {
    /// The device, brought up to `now`.
    pub fn at(&self, now: Moment) -> MutexGuard<'_, Device> {
        let mut device = lock(&self.device);
        device.settle(now);
        device
    }
}

/// Panorama's own state.
#[derive(Debug)]
pub struct Panorama {
    /// Its account's keys.
    pub keys: Mutex<Keys>,
    /// What is wrong with it.
    pub faults: Mutex<Faults>,
    /// Its numbers.
    pub counters: Mutex<BoxCounters>,
}

/// The box that answers at an address.
#[derive(Debug, Clone, Copy)]
pub enum Host<'a> {
    /// Panorama.
    Panorama,
    /// One of the firewalls.
    Firewall(&'a Firewall),
}

/// The whole simulation.
#[derive(Debug)]
pub struct World {
    /// From which everything random follows.
    pub seed: Seed,
    /// What the fleet is to be brought to.
    pub target: Version,
    /// Password of [`USERNAME`] on every box.
    pub password: String,
    /// A key that every box accepts, of an account of its own.
    pub api_key: String,
    /// More calls at once than this on one box get HTTP 503.
    pub max_parallel_calls: Option<u32>,
    /// They get their answer this much later in place of it.
    pub parallel_delay: Option<Duration>,
    /// What time it is.
    pub clock: Clock,
    /// What happened.
    pub journal: Journal,
    /// Panorama.
    pub panorama: Panorama,
    /// The firewalls, in the order of their addresses.
    pub firewalls: Vec<Firewall>,
    by_serial: HashMap<String, usize>,
    by_address: HashMap<Ipv4Addr, usize>,
    pace: Pace,
    download_ms: AtomicU64,
}

impl World {
    /// Builds the fleet of a scenario; its time begins now.
    ///
    /// # Errors
    /// The scenario asks for what does not exist.
    pub fn new(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let clock = Clock::start();
        let seed = scenario.seed;
        let firewalls: Vec<Firewall> = fleet::build(scenario)?
            .into_iter()
            .map(|spec| Firewall {
                serial: spec.serial.clone(),
                address: spec.address,
                counters: Mutex::default(),
                device: Mutex::new(Device::new(spec, seed, clock.started_at())),
            })
            .collect();
        Ok(Self {
            seed,
            target: scenario.target,
            password: format!("simulated-{}", &seed.hex(&["password"])[..16]),
            api_key: format!("LUFRPT1{}{}==", seed.hex(&["api key"]), &seed.hex(&["api key tail"])[..32]),
            max_parallel_calls: scenario.max_parallel_calls,
            parallel_delay: scenario.parallel_delay,
            journal: Journal::default(),
            panorama: Panorama {
                keys: Mutex::new(Keys::new(seed, "panorama")),
                faults: Mutex::new(panorama_faults(scenario)),
                counters: Mutex::default(),
            },
            by_serial: firewalls.iter().enumerate().map(|(i, one)| (one.serial.clone(), i)).collect(),
            by_address: firewalls.iter().enumerate().map(|(i, one)| (one.address, i)).collect(),
            firewalls,
            clock,
            pace: scenario.pace,
            download_ms: AtomicU64::new(millis(scenario.pace.download_time)),
        })
    }

    /// Who answers at a local address.
    pub fn host(&self, address: Ipv4Addr) -> Option<Host<'_>> {
        if address == PANORAMA {
            return Some(Host::Panorama);
        }
        let index = *self.by_address.get(&address)?;
        self.firewalls.get(index).map(Host::Firewall)
    }

    /// The firewall of that serial.
    pub fn firewall(&self, serial: &str) -> Option<&Firewall> {
        self.firewalls.get(*self.by_serial.get(serial)?)
    }

    /// How long things take now.
    pub fn pace(&self) -> Pace {
        let download_time = Duration::from_millis(self.download_ms.load(Ordering::Relaxed));
        Pace { download_time, ..self.pace }
    }

    /// Sets how long downloads take that begin from now on.
    pub fn set_download_time(&self, download_time: Duration) {
        self.download_ms.store(millis(download_time), Ordering::Relaxed);
    }

    /// How long the download of `version` takes on a device, if it began now.
    pub fn download_length(&self, serial: &str, version: Version) -> Duration {
        self.pace().download(self.seed, serial, version)
    }
}

fn panorama_faults(scenario: &Scenario) -> Faults {
    let passive = scenario.passive_panorama.then(|| Fault::lasting(FaultKind::Passive));
    Faults::innate(passive.into_iter().collect())
}
