//! Makes the devices of a scenario: models, versions, names, pairs, then problems.
//!
//! The same scenario gives the same fleet. A device without a problem has room for every image that any rule of
//! path planning could ask for. Leaves to others: what a device does ([`crate::device`]).

mod spread;

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Moment;
use crate::device::spec::{DeviceSpec, HaMember, HaRole};
use crate::expected::Expected;
use crate::images::{self, Image};
use crate::models::{self, MODELS, Model};
use crate::scenario::file::{ScenarioError, SingleDevice};
use crate::scenario::{DEVICES_LIMIT, ODDITIES, Problem, Quirks, Scenario, oddity};
use crate::version::Version;

/// Where Panorama answers.
pub const PANORAMA: Ipv4Addr = Ipv4Addr::new(127, 20, 0, 1);
/// The two octets before the first firewall's.
const FIRST_NET: [u8; 2] = [127, 21];

const SITES: &[&str] =
    &["ber", "muc", "ham", "par", "lyo", "lon", "man", "ams", "mad", "rom", "vie", "zrh", "waw", "sto"];
const ROLES: &[&str] = &["edge", "core", "dc", "branch", "lab"];

/// Of a dozen devices, these two are a pair: one sixth of a fleet.
const PAIR_PERIOD: usize = 12;
const PAIR_PLACE: usize = 4;
/// Every so many pairs, one is active/active.
const ACTIVE_ACTIVE_PERIOD: usize = 7;
/// The device of a fleet that is a chassis with several virtual systems.
const MULTI_VSYS: u64 = 7;

/// Every device of the scenario, in the order of their addresses.
///
/// # Errors
/// The scenario asks for what does not exist: a model, a version, a fault, twins.
pub fn build(scenario: &Scenario) -> Result<Vec<DeviceSpec>, ScenarioError> {
    if !(0.0..=1.0).contains(&scenario.pace.spread) {
        return Err(ScenarioError::Spread(scenario.pace.spread));
    }
    let wanted = scenario.devices.saturating_add(scenario.singles.len() as u64);
    if wanted > DEVICES_LIMIT {
        return Err(ScenarioError::TooMany(wanted));
    }
    if let Some(name) = scenario.without.iter().find(|name| !is_known(name)) {
        return Err(ScenarioError::Name(name.clone()));
    }
    let mut builder = Builder { scenario, lists: HashMap::new() };
    let mut specs: Vec<DeviceSpec> = (0..scenario.devices).map(|i| builder.generated(i)).collect();
    pair_up(&mut specs);
    for spec in &mut specs {
        for fault in &scenario.faults {
            spec.faults.push(fault.resolve(Moment::START)?);
        }
    }
    spread::spread(scenario, &mut specs);
    for (single, i) in scenario.singles.iter().zip(scenario.devices..) {
        specs.push(builder.single(i, single)?);
    }
    let mut serials = HashSet::new();
    match specs.iter().find(|spec| !serials.insert(spec.serial.as_str())) {
        Some(twin) => Err(ScenarioError::Twins(twin.serial.clone())),
        None => Ok(specs),
    }
}

struct Builder<'a> {
    scenario: &'a Scenario,
    lists: HashMap<&'static str, Arc<[Image]>>,
}

impl Builder<'_> {
    fn list(&mut self, model: &'static Model) -> Arc<[Image]> {
        let seed = self.scenario.seed;
        let list = self
            .lists
            .entry(model.platform.file_part)
            .or_insert_with(|| images::list(&model.platform, None, seed));
        Arc::clone(list)
    }

    /// The device of number `i`; both members of a pair draw with the number of the first.
    fn generated(&mut self, i: u64) -> DeviceSpec {
        let is_second = place(i, PAIR_PERIOD) == PAIR_PLACE + 1;
        let draw = if is_second { i - 1 } else { i }.to_string();
        let model = if i == MULTI_VSYS { models::by_name("PA-5260") } else { None };
        let model = model.unwrap_or_else(|| self.weighted_model(&draw));
        let mut spec = self.healthy(i, model);
        let choices = images::running_choices(&spec.list, self.scenario.target);
        if !choices.is_empty() {
            spec.run(*self.scenario.seed.pick(&["version", &draw], &choices));
        }
        spec.multi_vsys = i == MULTI_VSYS;
        self.make_odd(i, &mut spec);
        give_room(&mut spec, self.scenario.target);
        spec
    }

    /// Beside the common mixture, which every device has.
    fn make_odd(&self, i: u64, spec: &mut DeviceSpec) {
        let scenario = self.scenario;
        if let Some(quirks) = &scenario.quirks {
            spec.quirks.clone_from(quirks);
        } else if scenario.every_oddity {
            let (place, n_devices) = (place(i, usize::MAX), usize::try_from(scenario.devices).unwrap_or(0));
            oddity::sprinkle(spec, place, n_devices, scenario.seed, scenario.pace, &scenario.without);
        }
    }

    fn weighted_model(&self, draw: &str) -> &'static Model {
        let total: u64 = MODELS.iter().map(|model| model.weight).sum();
        let mut place = self.scenario.seed.below(&["model", draw], total);
        for model in MODELS {
            if place < model.weight {
                return model;
            }
            place -= model.weight;
        }
        &MODELS[0]
    }

    /// A healthy device of that model that runs the oldest version.
    fn healthy(&mut self, i: u64, model: &'static Model) -> DeviceSpec {
        let seed = self.scenario.seed;
        let name = i.to_string();
        let number = 100_103 + i * 13 + seed.below(&["serial", &name], 13);
        let serial = model.serial(number);
        let list = self.list(model);
        let site = SITES[place(i / 17, SITES.len())];
        let role = seed.pick(&["role", &name], ROLES);
        DeviceSpec {
            hostname: format!("{site}-{role}-fw{}", i + 1),
            address: address(i),
            running: list[0].version,
            list,
            present: Vec::new(),
            imported: None,
            ha: None,
            multi_vsys: false,
            panrepo_kb: model.panrepo_kb,
            overhead_kb: 120_000 + seed.below(&["overhead", &name], 200_000),
            uptime: Duration::from_secs(86_400 + seed.below(&["uptime", &name], 300 * 86_400)),
            next_job_id: 3 + u32::try_from(seed.below(&["job", &name], 4_000)).unwrap_or(0),
            foreign_download: None,
            reboot_time: self.scenario.pace.reboot_time,
            scenario: "plain".to_owned(),
            expected: Expected::completed(),
            faults: Vec::new(),
            quirks: Quirks::mixed(seed, &serial),
            oddities: Vec::new(),
            nth_of_problem: 0,
            model,
            serial,
        }
    }

    fn single(&mut self, i: u64, single: &SingleDevice) -> Result<DeviceSpec, ScenarioError> {
        let model = match &single.model {
            None => self.weighted_model(&i.to_string()),
            Some(name) => models::by_name(name).ok_or_else(|| ScenarioError::Model {
                name: name.clone(),
                known: MODELS.iter().map(|model| model.name).collect::<Vec<_>>().join(", "),
            })?,
        };
        let target = self.scenario.target;
        let mut spec = self.healthy(i, model);
        let choices = images::running_choices(&spec.list, target);
        if !choices.is_empty() {
            spec.run(*self.scenario.seed.pick(&["version", &i.to_string()], &choices));
        }
        set(&mut spec.serial, single.serial.clone());
        set(&mut spec.hostname, single.hostname.clone());
        set(&mut spec.quirks, single.quirks.clone());
        set(&mut spec.multi_vsys, single.multi_vsys);
        if let Some(version) = single.version {
            listed(&spec, version)?;
            spec.run(version);
        }
        give_room(&mut spec, target);
        if let Some(problem) = single.problem {
            if problem.is_for_pairs() {
                return Err(ScenarioError::PairProblem(problem));
            }
            problem.afflict(&mut spec, &self.scenario.setting());
        }
        if let Some(present) = &single.present {
            present.iter().try_for_each(|version| listed(&spec, *version))?;
            spec.present.clone_from(present);
        }
        set(&mut spec.panrepo_kb, single.panrepo_mb.map(|mb| mb * 1024));
        set(&mut spec.overhead_kb, single.overhead_mb.map(|mb| mb * 1024));
        set(&mut spec.expected, single.expected.clone());
        for fault in &single.faults {
            spec.faults.push(fault.resolve(Moment::START)?);
        }
        Ok(spec)
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Whether a problem or an oddity is called so.
fn is_known(name: &str) -> bool {
    name.parse::<Problem>().is_ok() || ODDITIES.iter().any(|oddity| oddity.name == name)
}

fn listed(spec: &DeviceSpec, version: Version) -> Result<(), ScenarioError> {
    if spec.list.iter().any(|image| image.version == version) {
        return Ok(());
    }
    Err(ScenarioError::Version { serial: spec.serial.clone(), model: spec.model.name, version })
}

fn place(n: u64, length: usize) -> usize {
    usize::try_from(n % length as u64).unwrap_or(0)
}

/// Makes the volume big enough for the heaviest path, with the margins that public tools ask for and one more GB.
fn give_room(spec: &mut DeviceSpec, target: Version) {
    let path_kb = images::heaviest_path_kb(&spec.list, spec.running, target);
    let here_kb: u64 = spec
        .list
        .iter()
        .filter(|image| image.version == spec.running || spec.present.contains(&image.version))
        .map(|image| image.size_kb)
        .sum();
    let needed_kb = (here_kb + spec.overhead_kb + path_kb * 13 / 10 + (2 << 20)) * 100 / 95;
    spec.panrepo_kb = spec.panrepo_kb.max(needed_kb);
}

/// Joins the two devices of each pair place.
fn pair_up(specs: &mut [DeviceSpec]) {
    for (n, block) in specs.chunks_mut(PAIR_PERIOD).enumerate() {
        let Some([first, second]) = block.get_mut(PAIR_PLACE..PAIR_PLACE + 2) else { continue };
        let is_active_active = n % ACTIVE_ACTIVE_PERIOD == ACTIVE_ACTIVE_PERIOD / 2;
        let role = if is_active_active { HaRole::ActivePrimary } else { HaRole::Active };
        first.ha = Some(HaMember { role, peer_serial: second.serial.clone(), peer_address: second.address });
        second.ha = Some(HaMember {
            role: role.peer(),
            peer_serial: first.serial.clone(),
            peer_address: first.address,
        });
        second.hostname = format!("{}-b", first.hostname);
        second.panrepo_kb = first.panrepo_kb;
    }
}

/// The address of device `i`: 127.21.0.1 onward, never .0 or .255.
fn address(i: u64) -> Ipv4Addr {
    let host = u8::try_from(i % 254 + 1).unwrap_or(1);
    let net = i / 254;
    let third = u8::try_from(net % 256).unwrap_or(0);
    let second = FIRST_NET[1].saturating_add(u8::try_from(net / 256).unwrap_or(u8::MAX));
    Ipv4Addr::new(FIRST_NET[0], second, third, host)
}

#[cfg(test)]
mod tests;
