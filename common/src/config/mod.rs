//! One TOML file and the environment, checked as a whole before any connection is made.
//!
//! Promises: [`load`] returns a configuration whose values all read, know their origin and can work
//! beside each other, or every problem at once. Unknown keys are refused. `PANOS_UPGRADE__LEASE__TTL` wins
//! over `ttl` in `[lease]`; what may be secret (passwords, keys, URLs) may also be the content of a file
//! that `…_FILE` or `…_file` names. No secret gets into a message, [`show`] or `Debug`.
//! Leaves to others: reaching what the values name, and reading the environment for anything else (nobody).
//!
//! | file | holds |
//! |---|---|
//! | one per section | the struct with defaults, units and reasons; what its values are beside each other |
//! | `setting`, `address`, `messages`, `secret`, `size` | what a value can be |
//! | `source`, `read`, `problem`, `nearest` | file and environment; putting them together; what is wrong |
//! | `edit`, `warnings`, `paths` | `config set`; what works and is risky; where the file is |

mod address;
mod audit;
mod broker;
mod dashboard;
mod disk;
mod download;
mod edit;
mod firewall;
mod lease;
mod ledger;
mod log;
mod login;
mod messages;
mod nearest;
mod panorama;
mod paths;
mod plan;
mod poll;
mod problem;
mod read;
mod relay;
mod rescue;
pub mod secret;
mod setting;
mod size;
mod source;
mod telemetry;
mod tls;
mod verification;
mod warnings;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

pub use address::{Host, ServerUrl};
pub use audit::AuditConfig;
pub use broker::{BrokerConfig, BrokerUrl};
pub use dashboard::DashboardConfig;
pub use disk::DiskConfig;
pub use download::DownloadConfig;
pub use edit::{set, set_all};
pub use firewall::FirewallConfig;
pub use lease::LeaseConfig;
pub use ledger::{LedgerConfig, LedgerUrl};
pub use log::{LogConfig, LogFilter, LogFormat};
pub use panorama::PanoramaConfig;
pub use paths::{config_file, ledger_file};
pub use plan::PlanConfig;
pub use poll::PollConfig;
pub use problem::{ConfigError, Origin, Problem};
pub use relay::RelayConfig;
pub use rescue::RescueConfig;
pub use secret::Secret;
pub use size::ByteSize;
pub use telemetry::{OtlpUrl, TelemetryConfig};
pub use tls::{Fingerprint, Pins, TlsConfig, TlsVerify};
pub use verification::VerificationConfig;
pub use worker::WorkerConfig;

use problem::Problems;
use setting::Setting;
use source::{Environment, PREFIX, Toml};

/// Everything that can be set, one field per section. [`Default`] is what no file and no environment make.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where the truth is kept.
    pub ledger: LedgerConfig,
    /// What wakes the workers.
    pub broker: BrokerConfig,
    /// Where the inventory comes from.
    pub panorama: PanoramaConfig,
    /// How firewalls are called.
    pub firewall: FirewallConfig,
    /// Whose certificates are trusted.
    pub tls: TlsConfig,
    /// What an unproved hash means.
    pub verification: VerificationConfig,
    /// How paths to the target are planned.
    pub plan: PlanConfig,
    /// How much a worker takes on.
    pub worker: WorkerConfig,
    /// How often a device is asked.
    pub poll: PollConfig,
    /// How long a claim holds.
    pub lease: LeaseConfig,
    /// How soon what was lost is found.
    pub rescue: RescueConfig,
    /// How the outbox gets to the broker.
    pub relay: RelayConfig,
    /// How patient a worker is.
    pub download: DownloadConfig,
    /// How much room images need on a device.
    pub disk: DiskConfig,
    /// How often the audit trail is tied together.
    pub audit: AuditConfig,
    /// The fleet in a browser.
    pub dashboard: DashboardConfig,
    /// What is logged.
    pub log: LogConfig,
    /// Health, metrics and traces.
    pub telemetry: TelemetryConfig,
    /// Where each value that is not a default came from.
    origins: BTreeMap<&'static str, Origin>,
}

/// One key and the place of its value.
pub(crate) struct Field<'a> {
    key: &'static str,
    setting: &'a mut dyn Setting,
}

impl<'a> Field<'a> {
    fn new(key: &'static str, setting: &'a mut dyn Setting) -> Self {
        Self { key, setting }
    }
}

impl Config {
    /// Every field, in the order of the sections.
    fn fields(&mut self) -> Vec<Field<'_>> {
        let mut fields = self.ledger.fields();
        fields.extend(self.broker.fields());
        fields.extend(self.panorama.fields());
        fields.extend(self.firewall.fields());
        fields.extend(self.tls.fields());
        fields.extend(self.verification.fields());
        fields.extend(self.plan.fields());
        fields.extend(self.worker.fields());
        fields.extend(self.poll.fields());
        fields.extend(self.lease.fields());
        fields.extend(self.rescue.fields());
        fields.extend(self.relay.fields());
        fields.extend(self.download.fields());
        fields.extend(self.disk.fields());
        fields.extend(self.audit.fields());
        fields.extend(self.dashboard.fields());
        fields.extend(self.log.fields());
        fields.extend(self.telemetry.fields());
        fields
    }

    /// Adds what the types cannot say.
    fn check(&self, problems: &mut Problems) {
        self.ledger.check(problems);
        self.broker.check(&self.ledger.url, problems);
        self.panorama.check(problems);
        self.firewall.check(problems);
        self.tls.check(problems);
        self.worker.check(problems);
        self.poll.check(problems);
        self.lease.check(problems);
        self.rescue.check(problems);
        self.relay.check(problems);
        self.download.check(self.poll.max, problems);
        self.disk.check(problems);
        self.audit.check(problems);
        self.dashboard.check(problems);
    }
}

/// Reads the configuration: the file at `path` (or [`config_file`], which may be absent), then `environment`,
/// which wins. Programs pass [`environment()`].
///
/// # Errors
/// [`ConfigError::Absent`] and [`ConfigError::Unreadable`] for the file; [`ConfigError::Invalid`] with
/// everything that is wrong with file and environment together.
pub fn load(
    path: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let file = match path {
        Some(path) => {
            let text = Toml::read(path)?.ok_or_else(|| ConfigError::Absent { path: path.to_owned() })?;
            Some(Toml::parse(path, &text))
        }
        None => {
            let path = config_file();
            Toml::read(&path)?.map(|text| Toml::parse(&path, &text))
        }
    };
    read::read(file, &Environment::new(environment)).map_err(|problems| ConfigError::Invalid { problems })
}

/// Our variables of this process's environment.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
        // Bytes that are not UTF-8 become a sign that no value may hold: refused, not ignored.
        Some((name, value.to_string_lossy().into_owned()))
    })
}

/// One line of `config show`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The key, for example `lease.ttl`.
    pub key: &'static str,
    /// The effective value; `(set)` or `(not set)` for a secret, `(not set)` for what is optional and absent.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Every key with its effective value and its origin, in the order of the sections.
#[must_use]
pub fn show(config: &Config) -> Vec<Shown> {
    let mut copy = config.clone();
    let shown = copy.fields().into_iter().map(|field| Shown {
        key: field.key,
        value: field.setting.text().unwrap_or_else(|| "(not set)".to_owned()),
        origin: config.origins.get(field.key).cloned().unwrap_or(Origin::Default),
    });
    shown.collect()
}
