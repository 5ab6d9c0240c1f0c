//! Every metric there is: name, kind, labels, help. What a dashboard or a rule may ask for stands here and nowhere else.
//!
//! Promises: names begin with `panos_upgrade_`, units are base units and end the name, and what a name means is not
//! changed, only added to (Prometheus documentation, "Metric and label naming").

/// How a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process starts again.
    Counter,
    /// Is what it is now.
    Gauge,
    /// How many took how long.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it counts.
    pub kind: Kind,
    /// What it is told apart by; each label is one word of a known few.
    pub labels: &'static [&'static str],
    /// One sentence for people.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($kind:ident $constant:ident = $name:literal $labels:tt: $help:literal;)+) => {
        $(#[doc = $help] pub const $constant: &str = $name;)+

        /// All of them.
        pub const ALL: &[Metric] = &[$(Metric { name: $name, kind: Kind::$kind, labels: &$labels, help: $help }),+];
    };
}

metrics! {
    Gauge JOBS = "panos_upgrade_jobs" ["state"]: "Newest jobs of the devices in the inventory, by state; the same from every process of a fleet.";
    Gauge JOBS_NOT_COMPLETED = "panos_upgrade_jobs_not_completed" ["kind"]: "Failed and skipped jobs among the newest, by kind of failure.";
    Gauge JOBS_READY = "panos_upgrade_jobs_ready_for_install" []: "Newest jobs whose device has every image.";
    Gauge FLEET_HELD = "panos_upgrade_fleet_held" ["cause"]: "1 while no new attempt begins anywhere, by cause; credentials is the breaker for refused log-ins.";
    Gauge PAUSES = "panos_upgrade_pauses" ["scope"]: "Queues and workers that are paused, by scope.";
    Gauge OUTBOX_ROWS = "panos_upgrade_outbox_rows" []: "Messages that wait to be published.";
    Gauge OUTBOX_REFUSED = "panos_upgrade_outbox_refused_rows" []: "Messages among them that the broker refused at least once.";
    Gauge OUTBOX_AGE = "panos_upgrade_outbox_oldest_seconds" []: "Age of the oldest message that waits to be published.";
    Gauge DEAD_LETTERS = "panos_upgrade_dead_letters" []: "Dead letters that the ledger keeps for a person.";
    Gauge LEDGER_UP = "panos_upgrade_ledger_up" []: "1 while the ledger answers this process.";
    Gauge BROKER_CONNECTED = "panos_upgrade_broker_connected" []: "1 while this process is connected to the broker.";
    Gauge BROKER_BLOCKED = "panos_upgrade_broker_blocked" []: "1 while the broker accepts no messages, being short of memory or disk.";
    Gauge READY = "panos_upgrade_ready" ["part"]: "1 where nothing keeps this worker from claiming now, by part; see /readyz.";
    Gauge SLOTS = "panos_upgrade_worker_slots" []: "Jobs that this worker performs at once, at most.";
    Gauge LEASES = "panos_upgrade_leases_in_flight" []: "Leases that this worker holds.";
    Gauge RELAY_LAG = "panos_upgrade_relay_lag_seconds" []: "Time since this process last went through the outbox without an error.";
    Counter LEASES_LOST = "panos_upgrade_leases_lost_total" []: "Attempts that were fenced because their lease was lost.";
    Counter ATTEMPTS = "panos_upgrade_attempts_total" ["ending", "kind"]: "Attempts that ended here, by how, and by kind of failure.";
    Counter IMAGES = "panos_upgrade_images_total" ["outcome"]: "Images compared with the trusted hashes, by outcome.";
    Counter LOGINS_REFUSED = "panos_upgrade_logins_refused_total" []: "Log-ins that a firewall refused.";
    Counter RESCUED = "panos_upgrade_rescued_total" ["lost"]: "Jobs brought back by this process, by what had been lost.";
    Counter RELAYED = "panos_upgrade_relayed_messages_total" ["result"]: "Messages published by this process, by what the broker said.";
    Histogram STEP_SECONDS = "panos_upgrade_step_seconds" ["step"]: "Time that the steps of attempts took, by step; waiting for the device included.";
    Histogram CALL_SECONDS = "panos_upgrade_device_call_seconds" ["command", "result"]: "Time until a firewall answered, by command and result.";
    Histogram BEAT_SECONDS = "panos_upgrade_lease_renew_seconds" ["result"]: "Time in which the ledger renewed all leases of this worker, by result.";
    Gauge BUILD_INFO = "panos_upgrade_build_info" ["version"]: "Always 1; the label says which version runs.";
}

#[cfg(test)]
mod tests;
