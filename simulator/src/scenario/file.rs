//! A scenario as a TOML file; `examples/` holds commented ones, which a test parses.
//!
//! Unknown keys are refused with their line.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Named, Problem, Quirks, Scenario};
use crate::expected::Expected;
use crate::faults::{FaultError, FaultRequest};
use crate::seeded::Seed;
use crate::span::Span;
use crate::version::Version;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// From which everything random follows; default 7.
    pub seed: Option<u64>,
    /// What the fleet is to be brought to; default 11.1.4-h7.
    pub target: Option<Version>,
    /// Generated devices; default 230, or 0 when there are `[[device]]` tables.
    pub devices: Option<u64>,
    /// How long a download takes; default 10s.
    pub download_time: Option<Span>,
    /// Each download takes between 1-F and 1+F times as long; default 0.
    pub download_spread: Option<f64>,
    /// How long a check of the software list takes; default 50ms.
    pub check_time: Option<Span>,
    /// How long a reboot takes; default 3s.
    pub reboot_time: Option<Span>,
    /// How many times faster than in reality goes what has a duration of its own; default 20.
    pub scale: Option<u32>,
    /// More calls at once than this on one box are answered with HTTP 503; default no limit.
    pub max_parallel_calls: Option<u32>,
    /// Such calls are answered this much later, in place of being refused.
    pub parallel_delay: Option<Span>,
    /// Whether Panorama is the passive one of its pair; default no.
    #[serde(default)]
    pub passive_panorama: bool,
    /// Problems and oddities of a realistic fleet that no device has.
    #[serde(default)]
    pub without: Vec<String>,
    /// Oddities of every generated device, in place of a mixture.
    pub quirks: Option<Quirks>,
    /// Faults of every generated device, from the beginning.
    #[serde(default)]
    pub faults: Vec<FaultRequest>,
    /// The built-in scenario to begin with; default plain.
    pub base: Option<Named>,
    /// Problems among the generated devices, beside those of `base`.
    #[serde(default)]
    pub problem: Vec<CountedProblem>,
    /// Devices described one by one.
    #[serde(default)]
    pub device: Vec<SingleDevice>,
}

/// A problem and how many generated devices have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountedProblem {
    /// Which.
    pub name: Problem,
    /// On how many devices; default 1.
    #[serde(default = "one")]
    pub count: u64,
}

fn one() -> u64 {
    1
}

/// One device; what is absent is generated.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleDevice {
    /// Serial number.
    pub serial: Option<String>,
    /// Host name.
    pub hostname: Option<String>,
    /// A model of [`crate::models::MODELS`].
    pub model: Option<String>,
    /// What it runs.
    pub version: Option<Version>,
    /// A problem it has.
    pub problem: Option<Problem>,
    /// Images on it besides the running one; default the base of its train.
    pub present: Option<Vec<Version>>,
    /// Size of its volume for images, in MB.
    pub panrepo_mb: Option<u64>,
    /// What else lies on that volume, in MB.
    pub overhead_mb: Option<u64>,
    /// More than one virtual system.
    pub multi_vsys: Option<bool>,
    /// Faults from the beginning, as the control endpoint takes them.
    #[serde(default)]
    pub faults: Vec<FaultRequest>,
    /// Oddities of its answers; a harmless mixture when absent.
    pub quirks: Option<Quirks>,
    /// How its job must end; follows from the problem when absent.
    pub expected: Option<Expected>,
}

/// A scenario file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not readable.
    #[error("scenario file {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML, or not this TOML.
    #[error("scenario file {}: {source}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and what; part of the text, as it spans lines.
        source: Box<toml::de::Error>,
    },
    /// A model that does not exist.
    #[error("no model `{name}` (known: {known})")]
    Model {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A version that the model's list does not hold.
    #[error("device {serial}: the list of a {model} holds no {version}")]
    Version {
        /// Which device.
        serial: String,
        /// Its model.
        model: &'static str,
        /// The version asked for.
        version: Version,
    },
    /// Two devices with one serial.
    #[error("two devices have the serial {0}")]
    Twins(String),
    /// More devices than there is room for.
    #[error("{0} devices are too many (at most {limit})", limit = super::DEVICES_LIMIT)]
    TooMany(u64),
    /// A spread that makes no sense.
    #[error("download spread {0} is not between 0 and 1")]
    Spread(f64),
    /// A problem of pairs for a device that is none.
    #[error("the problem `{0}` is for pairs: give it to generated devices with [[problem]]")]
    PairProblem(Problem),
    /// A name that nothing has.
    #[error("nothing is called `{0}`; `panos-simulator list` names every problem and every oddity")]
    Name(String),
    /// A fault that cannot be.
    #[error(transparent)]
    Fault(#[from] FaultError),
}

/// Reads a scenario file.
///
/// # Errors
/// The file is not readable, or holds something else than a scenario.
pub fn read(path: &Path) -> Result<Scenario, ScenarioError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ScenarioError::Read { path: path.to_owned(), source })?;
    let file: File = toml::from_str(&text)
        .map_err(|source| ScenarioError::Parse { path: path.to_owned(), source: Box::new(source) })?;
    Ok(file.scenario())
}

impl File {
    fn scenario(self) -> Scenario {
        let mut scenario = self.base.unwrap_or(Named::Plain).scenario();
        if !self.device.is_empty() {
            scenario.devices = 0;
        }
        let pace = &mut scenario.pace;
        set(&mut pace.download_time, self.download_time.map(|span| span.0));
        set(&mut pace.spread, self.download_spread);
        set(&mut pace.check_time, self.check_time.map(|span| span.0));
        set(&mut pace.reboot_time, self.reboot_time.map(|span| span.0));
        set(&mut scenario.seed, self.seed.map(Seed));
        set(&mut scenario.target, self.target);
        set(&mut scenario.pace.scale, self.scale);
        if let Some(devices) = self.devices {
            scenario.set_devices(devices);
        }
        scenario.max_parallel_calls = self.max_parallel_calls.or(scenario.max_parallel_calls);
        scenario.parallel_delay = self.parallel_delay.map(|span| span.0).or(scenario.parallel_delay);
        scenario.passive_panorama = self.passive_panorama;
        scenario.without = self.without;
        scenario.quirks = self.quirks;
        scenario.faults = self.faults;
        scenario.problems.extend(self.problem.iter().map(|problem| (problem.name, problem.count)));
        scenario.singles = self.device;
        scenario
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}
