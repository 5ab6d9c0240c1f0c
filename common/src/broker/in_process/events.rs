//! Follows the log of events.
//!
//! Guarantees: events come in the order of their offsets, none is left out while the log keeps it. Offsets grow and
//! may have gaps. Cancel safe: a page that was read is handed out whatever happens to the call that read it.
//!
//! Leaves to others: keeping the offset.

use std::collections::VecDeque;
use std::pin::Pin;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::changes::Changes;
use super::not_reachable;
use crate::broker::{BrokerError, EventFeed, EventsFrom, LoggedEvent};
use crate::ledger::LedgerError;
use crate::ledger::sqlite::Store;

/// Events read at a time: an event has about 500 bytes.
const PAGE: i64 = 200;

/// The events after some offset.
pub(super) struct EmbeddedEvents {
    store: Store,
    changes: Changes,
    /// The last one read.
    after: i64,
    page: VecDeque<LoggedEvent>,
    /// A look that began.
    looking: Option<Looking>,
}

type Looking = Pin<Box<dyn Future<Output = Result<Vec<LoggedEvent>, LedgerError>> + Send>>;

impl EmbeddedEvents {
    pub(super) async fn start(store: Store, from: EventsFrom) -> Result<Self, BrokerError> {
        let after = match from {
            EventsFrom::First => 0,
            EventsFrom::After(offset) => i64::try_from(offset).unwrap_or(i64::MAX),
            EventsFrom::Next => place(&store, None).await.map_err(not_reachable(&store))?,
            EventsFrom::Since(time) => place(&store, Some(time)).await.map_err(not_reachable(&store))?,
        };
        Ok(Self { changes: Changes::new(store.clone()), store, after, page: VecDeque::new(), looking: None })
    }

    fn look(&self) -> Looking {
        let (store, after) = (self.store.clone(), self.after);
        Box::pin(async move {
            let page = store.read("read_events", move |transaction| {
                let mut query = transaction.prepare_cached(include_str!("sql/read_events.sql"))?;
                let rows = query.query_map((after, PAGE), |row| {
                    let offset = row.get::<_, i64>(0)?.unsigned_abs();
                    Ok(LoggedEvent { offset, routing_key: row.get(1)?, body: row.get(2)? })
                })?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            });
            page.await
        })
    }
}

#[async_trait]
impl EventFeed for EmbeddedEvents {
    async fn next(&mut self) -> Result<LoggedEvent, BrokerError> {
        loop {
            if let Some(event) = self.page.pop_front() {
                return Ok(event);
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
                    Some(last) => {
                        self.after = i64::try_from(last.offset).unwrap_or(i64::MAX);
                        self.page = page.into();
                    }
                    None => self.changes.next(None).await,
                },
                Err(error) => self.changes.failed(&error).await,
            }
        }
    }
}

/// The offset after which to begin: in front of the first event since a time, or at the end.
async fn place(store: &Store, since: Option<Timestamp>) -> Result<i64, LedgerError> {
    store
        .read("place_in_events", move |transaction| {
            if let Some(since) = since {
                let mut query = transaction.prepare_cached(include_str!("sql/offset_before.sql"))?;
                if let Some(before) =
                    query.query_row([since.as_millisecond()], |row| row.get(0)).optional()?
                {
                    return Ok(before);
                }
            }
            let mut query = transaction.prepare_cached(include_str!("sql/last_offset.sql"))?;
            Ok(query.query_row([], |row| row.get(0))?)
        })
        .await
}
