//! Whether the dashboard can do its work.

use std::sync::Arc;

use async_trait::async_trait;
use common::telemetry::fleet::FleetGauges;
use common::telemetry::http::{Part, Probe, Readiness};
use tokio::sync::watch;

use crate::state::{AppState, Picture};

/// What the newest picture says of ledger and events.
pub(crate) struct Health {
    pictures: watch::Receiver<Arc<Picture>>,
    gauges: FleetGauges,
}

impl Health {
    /// Of this process.
    pub(crate) fn new(state: &AppState) -> Self {
        let gauges = FleetGauges::new(Arc::clone(&state.engine.ledger));
        Self { pictures: state.pictures.clone(), gauges }
    }
}

#[async_trait]
impl Probe for Health {
    async fn readiness(&self) -> Readiness {
        let (ledger_ok, feed_ok) = {
            let picture = self.pictures.borrow();
            (picture.ledger_ok, picture.feed_ok)
        };
        let ledger = match ledger_ok {
            true => Part::ready("ledger", "it answers"),
            false => Part::not_ready("ledger", "it does not answer; pages show what it said last"),
        };
        // Without events pages are some seconds late, which keeps nobody from looking.
        let events = match feed_ok {
            true => Part::ready("events", "they are heard"),
            false => {
                Part::ready("events", "not heard now, and not needed to serve: pages are some seconds late")
            }
        };
        vec![ledger, events].into()
    }

    async fn refresh(&self) {
        self.gauges.refresh().await;
    }
}
