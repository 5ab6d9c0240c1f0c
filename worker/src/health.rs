//! Whether this worker could claim a job now, part by part.
//!
//! | part | ready while |
//! |---|---|
//! | `ledger` | it answers, with the schema of this program, within [`LEDGER_WITHIN`] |
//! | `leases` | a beat was answered within the life of a lease: else this worker fences what it holds |
//! | `broker` | the connection that brings wake-ups stands |
//! | `consumer` | it takes wake-ups, or does not on purpose: the fleet is held, it is paused, or all slots are taken |
//! | `process` | it was not told to stop |
//!
//! Promises: ready is what all parts are, and each says why it is as it is. A hold, a pause and a full worker are
//! somebody's will or good work, so they are ready: taking the pod away would not help.
//! Leaves to others: answering (`common::telemetry::http`).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use common::engine::Engine;
use common::report::Chain;
use common::shutdown::Shutdown;
use common::telemetry::fleet::FleetGauges;
use common::telemetry::http::{Part, Probe, Readiness};
use common::telemetry::names;
use metrics::gauge;

use crate::consumer::Consumer;
use crate::lease_keeper::LeaseKeeper;
use crate::orders::Orders;
use crate::relay::Relay;

/// Longest wait for the ledger's answer.
pub const LEDGER_WITHIN: Duration = Duration::from_secs(2);

/// What is looked at.
pub(crate) struct Health {
    pub(crate) engine: Engine,
    pub(crate) keeper: Arc<LeaseKeeper>,
    pub(crate) consumer: Arc<Consumer>,
    pub(crate) orders: Arc<Orders>,
    pub(crate) relay: Arc<Relay>,
    pub(crate) stop: Shutdown,
    pub(crate) gauges: FleetGauges,
}

impl Health {
    async fn ledger(&self) -> Part {
        match tokio::time::timeout(LEDGER_WITHIN, self.engine.ledger.check()).await {
            Ok(Ok(())) => Part::ready("ledger", "answers"),
            Ok(Err(error)) => Part::not_ready("ledger", Chain(&error).to_string()),
            Err(_) => Part::not_ready("ledger", format!("no answer within {} s", LEDGER_WITHIN.as_secs())),
        }
    }

    fn leases(&self) -> Part {
        match self.keeper.since_beat() {
            Some(age) if age < self.keeper.ttl() => {
                Part::ready("leases", format!("renewed {} s ago", age.as_secs()))
            }
            Some(age) => Part::not_ready("leases", format!("not renewed for {} s", age.as_secs())),
            None => Part::not_ready("leases", "no beat was answered yet"),
        }
    }

    async fn broker(&self) -> Part {
        let link = self.engine.broker.link().await;
        match (link.is_connected, link.is_blocked) {
            (true, false) => Part::ready("broker", "connected"),
            // Wake-ups come all the same; what is to be told waits in the outbox.
            (true, true) => {
                Part::ready("broker", "connected, and short of memory or disk: it takes no messages")
            }
            (false, _) => Part::not_ready("broker", "not connected"),
        }
    }

    fn consumer(&self) -> Part {
        if self.orders.open().is_empty() {
            Part::ready(
                "consumer",
                "takes nothing, on purpose: the fleet is held, or this part of it is paused",
            )
        } else if !self.consumer.is_subscribed() {
            Part::not_ready("consumer", "not subscribed to wake-ups")
        } else if self.consumer.is_full() {
            Part::ready("consumer", "every slot is taken")
        } else {
            Part::ready("consumer", "takes wake-ups")
        }
    }

    fn process(&self) -> Part {
        if self.stop.is_draining() {
            Part::not_ready("process", "was told to stop, and takes nothing new")
        } else {
            Part::ready("process", "runs")
        }
    }
}

#[async_trait]
impl Probe for Health {
    async fn readiness(&self) -> Readiness {
        let (ledger, broker) = tokio::join!(self.ledger(), self.broker());
        let parts = vec![ledger, self.leases(), broker, self.consumer(), self.process()];
        for part in &parts {
            gauge!(names::READY, "part" => part.name).set(f64::from(u8::from(part.ready)));
        }
        parts.into()
    }

    async fn refresh(&self) {
        let (link, _, ()) = tokio::join!(self.engine.broker.link(), self.readiness(), self.gauges.refresh());
        gauge!(names::BROKER_CONNECTED).set(f64::from(u8::from(link.is_connected)));
        gauge!(names::BROKER_BLOCKED).set(f64::from(u8::from(link.is_blocked)));
        gauge!(names::RELAY_LAG).set(self.relay.lag().as_secs_f64());
    }
}

#[cfg(test)]
mod tests;
