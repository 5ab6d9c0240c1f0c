//! What a system is like: how many firewalls with which problems, on which engine, with which settings.
//!
//! Leaves to others: building it ([`world`](crate::world)).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::Fleet;
use crate::world::GRACE;

/// The two ways to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// SQLite, the broker inside it, workers in `panos-upgrade work`.
    Embedded,
    /// PostgreSQL, RabbitMQ, `panos-upgrade-worker` processes.
    Fleet,
}

/// How the programs log in to the boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// With a name and a password.
    Password,
    /// With a key that somebody made before.
    ApiKey,
}

/// What a system is like.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The firewalls.
    pub fleet: Fleet,
    /// How to get in.
    pub login: Login,
    /// More options of `download queue-all`.
    pub queue: Vec<&'static str>,
    /// `section.key` to a value that TOML and JSON write alike.
    pub settings: BTreeMap<&'static str, Value>,
}

impl Setup {
    /// So many healthy firewalls; polls and leases are short, so that cases take seconds.
    pub fn devices(devices: u64) -> Self {
        let fleet = Fleet { devices, seed: 7, scenario: "plain".to_owned(), download_time: "1s".to_owned() };
        let settings = BTreeMap::from([
            ("firewall.connect_timeout", json!("5s")),
            ("firewall.read_timeout", json!("20s")),
            ("firewall.check_timeout", json!("30s")),
            ("worker.max_attempts", json!(3)),
            ("worker.grace", json!(format!("{}s", GRACE.as_secs()))),
            ("poll.min", json!("200ms")),
            ("poll.max", json!("2s")),
            ("lease.ttl", json!("20s")),
            ("lease.renew_every", json!("2s")),
            ("relay.every", json!("200ms")),
            ("download.busy_wait", json!("1s")),
            ("log.level", json!("info")),
        ]);
        Self { fleet, login: Login::Password, queue: Vec::new(), settings }
    }

    /// The firewalls of a scenario file.
    pub fn described(file: &str) -> Self {
        Self::devices(0).scenario(file)
    }

    /// The same number of firewalls of another built-in scenario.
    pub fn scenario(mut self, scenario: &str) -> Self {
        scenario.clone_into(&mut self.fleet.scenario);
        self
    }

    /// What a download takes about.
    pub fn download_time(mut self, time: &str) -> Self {
        time.clone_into(&mut self.fleet.download_time);
        self
    }

    /// The programs log in like this.
    pub fn login(mut self, login: Login) -> Self {
        self.login = login;
        self
    }

    /// The members of a pair do not wait for each other: for cases in which every device downloads at once.
    pub fn all_at_once(mut self) -> Self {
        self.queue.push("--ha-parallel");
        self
    }

    /// Sets a key of the configuration file.
    pub fn set(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.settings.insert(key, value.into());
        self
    }

    /// Leases that run out while a test waits, for cases in which workers die.
    pub fn short_leases(self) -> Self {
        self.set("lease.ttl", "6s").set("lease.renew_every", "1s")
    }
}

/// Settings by section; strings and numbers are written alike in JSON and TOML.
pub fn toml(settings: &BTreeMap<&'static str, Value>) -> String {
    let mut text = String::new();
    let mut section = "";
    for (name, value) in settings {
        let (of, key) = name.split_once('.').unwrap();
        if of != section {
            text += &format!("\n[{of}]\n");
            section = of;
        }
        text += &format!("{key} = {value}\n");
    }
    text
}
