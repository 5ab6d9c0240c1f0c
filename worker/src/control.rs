//! Hears that something has changed in the ledger, and makes the next beat come now.
//!
//! Promises: nothing hangs on it. What is not heard is seen with the next beat; a stream that ends is begun anew for as
//! long as the worker lives. Leaves to others: looking ([`crate::lease_keeper`]).

use common::broker::{BrokerError, Control, Controls};
use common::engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::lease_keeper::LeaseKeeper;
use crate::outage::Outage;

/// Listens until `end`.
pub async fn run(engine: &Engine, keeper: &LeaseKeeper, end: &CancellationToken) {
    tokio::select! {
        () = end.cancelled() => {}
        () = listen(engine, keeper) => {}
    }
}

async fn listen(engine: &Engine, keeper: &LeaseKeeper) {
    let mut outage = Outage::none("controls are not heard, so that a cancel or a pause takes some seconds");
    loop {
        let heard = match engine.broker.controls().await {
            Ok(mut controls) => {
                outage.over();
                hear(controls.as_mut(), keeper).await
            }
            Err(error) => error,
        };
        outage.met(&heard);
        tokio::time::sleep(outage.pause()).await;
    }
}

/// Passes on what it hears until the stream ends.
async fn hear(controls: &mut dyn Controls, keeper: &LeaseKeeper) -> BrokerError {
    // What was said while nobody listened.
    keeper.nudge();
    loop {
        match controls.next().await {
            // Also for a job that is not known here: it may be ours since a moment ago.
            Ok(Control::Pauses | Control::Cancel { .. }) => keeper.nudge(),
            Err(error) => return error,
        }
    }
}
