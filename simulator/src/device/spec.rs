//! What a device is before anybody talks to it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::expected::Expected;
use crate::faults::Fault;
use crate::images::{self, Image};
use crate::models::Model;
use crate::scenario::Quirks;
use crate::version::Version;

/// A member's place in its pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaRole {
    /// A/P, forwards traffic.
    Active,
    /// A/P, waits.
    Passive,
    /// A/A, first.
    ActivePrimary,
    /// A/A, second.
    ActiveSecondary,
}

impl HaRole {
    /// The word in `<state>`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActivePrimary => "active-primary",
            Self::ActiveSecondary => "active-secondary",
        }
    }

    /// The role of the other member.
    pub fn peer(self) -> Self {
        match self {
            Self::Active => Self::Passive,
            Self::Passive => Self::Active,
            Self::ActivePrimary => Self::ActiveSecondary,
            Self::ActiveSecondary => Self::ActivePrimary,
        }
    }

    /// The word in `<mode>`.
    pub fn mode(self) -> &'static str {
        match self {
            Self::Active | Self::Passive => "Active-Passive",
            Self::ActivePrimary | Self::ActiveSecondary => "Active-Active",
        }
    }
}

/// Membership in a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaMember {
    /// This member's role.
    pub role: HaRole,
    /// The other member.
    pub peer_serial: String,
    /// The other member's management address.
    pub peer_address: Ipv4Addr,
}

/// Everything that a device starts with.
#[derive(Debug, Clone)]
pub struct DeviceSpec {
    /// Its key, unique in the fleet.
    pub serial: String,
    /// Its label.
    pub hostname: String,
    /// Where it answers, on loopback.
    pub address: Ipv4Addr,
    /// Hardware or virtual.
    pub model: &'static Model,
    /// What it runs.
    pub running: Version,
    /// What its update server offers, shared between devices of one platform.
    pub list: Arc<[Image]>,
    /// Images on it besides the running one.
    pub present: Vec<Version>,
    /// An image on it that came by import.
    pub imported: Option<Version>,
    /// Its pair, if it has one.
    pub ha: Option<HaMember>,
    /// More than one virtual system.
    pub multi_vsys: bool,
    /// Size of the volume for images.
    pub panrepo_kb: u64,
    /// What else lies on that volume.
    pub overhead_kb: u64,
    /// How long it had been up when the simulator started.
    pub uptime: Duration,
    /// Number of its next job.
    pub next_job_id: u32,
    /// Somebody else's download, which begins when the device is first asked anything.
    pub foreign_download: Option<Version>,
    /// How long a reboot takes.
    pub reboot_time: Duration,
    /// Name of the problem it has, or `plain`.
    pub scenario: String,
    /// How a download job to the target must end.
    pub expected: Expected,
    /// Faults from the beginning.
    pub faults: Vec<Fault>,
    /// Oddities of its answers.
    pub quirks: Quirks,
    /// Names of the oddities that a realistic fleet gave it.
    pub oddities: Vec<&'static str>,
    /// How many devices had its problem before it.
    pub nth_of_problem: usize,
}

impl DeviceSpec {
    /// Its IPv4 address written as one of IPv6: to the kernel both are the same.
    pub fn ipv6(&self) -> Ipv6Addr {
        self.address.to_ipv6_mapped()
    }

    /// Runs `version` from now on, with the base of its train beside it and nothing else.
    pub fn run(&mut self, version: Version) {
        self.running = version;
        let base = images::base_of(&self.list, version.train).map(|image| image.version);
        self.present = base.into_iter().filter(|base| *base != version).collect();
    }
}
