//! Tells controls to the processes on this file, and follows them.
//!
//! Guarantees: what is told is heard by every stream that is open then, in order; this process's at once, another
//! one's within 150 ms. What is older than [`KEPT_FOR`], or more than [`KEPT_AT_MOST`] behind, is skipped, as at the
//! real broker: a worker that slept has looked at the ledger since.
//!
//! Leaves to others: what a control means.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;
use tracing::warn;

use super::changes::Changes;
use super::{milliseconds, run};
use crate::broker::{BrokerError, Control, Controls};
use crate::ledger::LedgerError;
use crate::ledger::sqlite::Store;

/// `x-message-ttl` of a worker's control queue at the real broker.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// `x-max-length` of a worker's control queue at the real broker.
const KEPT_AT_MOST: i64 = 1_000;

/// Tells a control, and drops what is too old.
pub(super) async fn tell(store: &Store, control: &Control) -> Result<(), LedgerError> {
    let body = control.to_json();
    let told = store.write("tell", move |transaction| {
        run(transaction, include_str!("sql/publish_control.sql"), [body])?;
        let limits = (milliseconds(KEPT_FOR), KEPT_AT_MOST);
        run(transaction, include_str!("sql/prune_controls.sql"), limits)?;
        Ok(())
    });
    told.await
}

/// What is told from now on.
pub(super) struct EmbeddedControls {
    store: Store,
    changes: Changes,
    /// The last one read.
    after: i64,
    page: VecDeque<String>,
    /// A look that began.
    looking: Option<Looking>,
}

type Looking = Pin<Box<dyn Future<Output = Result<Vec<(i64, String)>, LedgerError>> + Send>>;

impl EmbeddedControls {
    pub(super) async fn start(store: Store) -> Result<Self, LedgerError> {
        let after = store.read("last_control", |transaction| {
            let mut query = transaction.prepare_cached(include_str!("sql/last_control.sql"))?;
            Ok(query.query_row([], |row| row.get(0))?)
        });
        let after = after.await?;
        Ok(Self { changes: Changes::new(store.clone()), store, after, page: VecDeque::new(), looking: None })
    }

    fn look(&self) -> Looking {
        let (store, after) = (self.store.clone(), self.after);
        Box::pin(async move {
            let page = store.read("read_controls", move |transaction| {
                let mut query = transaction.prepare_cached(include_str!("sql/read_controls.sql"))?;
                let limits = params![after, milliseconds(KEPT_FOR), KEPT_AT_MOST];
                let rows = query.query_map(limits, |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            });
            page.await
        })
    }
}

#[async_trait]
impl Controls for EmbeddedControls {
    async fn next(&mut self) -> Result<Control, BrokerError> {
        loop {
            while let Some(body) = self.page.pop_front() {
                match Control::parse(body.as_bytes()) {
                    Ok(control) => return Ok(control),
                    Err(error) => warn!("a control is left out: {error}"),
                }
            }
            if self.looking.is_none() {
                self.changes.looking();
                self.looking = Some(self.look());
            }
            let Some(looking) = &mut self.looking else { continue };
            let found = looking.await;
            self.looking = None;
            match found {
                Ok(page) => match page.last() {
                    Some((last, _)) => {
                        self.after = *last;
                        self.page = page.into_iter().map(|(_, body)| body).collect();
                    }
                    None => self.changes.next(None).await,
                },
                Err(error) => self.changes.failed(&error).await,
            }
        }
    }
}
