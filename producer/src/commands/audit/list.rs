//! `audit list`: entries for people, or one JSON object per line.

use common::audit::{Actor, AuditAction, EntryBody, StoredEntry};
use common::domain::job::JobId;
use common::ledger::TrailFilter;
use serde::Serialize;
use serde_json::Value;

use super::pages::{self, chain};
use crate::context::{Context, known_job};
use crate::exit;
use crate::output::time;

/// One entry, read. Names of fields are interface.
#[derive(Serialize)]
struct Listed {
    chain: String,
    seq: i64,
    /// The time in the content, which is proven.
    at: Option<String>,
    action: Option<AuditAction>,
    job: Option<JobId>,
    actor: Option<Actor>,
    detail: Value,
}

/// Prints entries as they come, by chain and position.
pub(crate) async fn run(context: &Context, device: Option<String>, job: Option<i64>) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let job = match job {
        Some(id) => Some(known_job(ledger.as_ref(), id).await?.id),
        None => None,
    };
    let filter = TrailFilter { chain: chain(ledger.as_ref(), device).await?, job };
    let print = |entry: StoredEntry| {
        let listed = Listed::from(entry);
        context.output.print_line(&listed, &listed.line())
    };
    pages::each(ledger.as_ref(), &filter, |page| page.into_iter().try_for_each(print)).await?;
    Ok(exit::OK)
}

impl From<StoredEntry> for Listed {
    /// An entry that does not read is listed with its bytes as text: `audit verify` tells what is wrong.
    fn from(entry: StoredEntry) -> Self {
        let StoredEntry { chain, seq, body, .. } = entry;
        match serde_json::from_slice::<EntryBody>(&body) {
            Ok(EntryBody { at, actor, action, job, detail, .. }) => {
                Self { chain, seq, at: Some(time(at)), action: Some(action), job, actor: Some(actor), detail }
            }
            Err(_) => {
                let detail = Value::String(String::from_utf8_lossy(&body).into_owned());
                Self { chain, seq, at: None, action: None, job: None, actor: None, detail }
            }
        }
    }
}

impl Listed {
    /// `2026-11-23T14:00:00Z 007900000100103 #3 job_queued job=7 by=ann@host {..}`.
    fn line(&self) -> String {
        let action = self.action.and_then(|action| serde_json::to_value(action).ok());
        let action = action.as_ref().and_then(Value::as_str).unwrap_or("unreadable");
        let job = self.job.map(|job| format!(" job={job}")).unwrap_or_default();
        let by = match &self.actor {
            Some(Actor::Operator(by)) => format!(" by={}@{}", by.operator, by.host),
            Some(Actor::Worker { id }) => format!(" by={id}"),
            Some(Actor::System) => " by=system".to_owned(),
            None => String::new(),
        };
        let reason = match &self.actor {
            Some(Actor::Operator(by)) => by.reason.as_ref().map(|reason| format!(" reason={reason:?}")),
            Some(Actor::Worker { .. } | Actor::System) | None => None,
        };
        let at = self.at.as_deref().unwrap_or("-");
        let Self { chain, seq, detail, .. } = self;
        format!("{at} {chain} #{seq} {action}{job}{by}{} {detail}", reason.unwrap_or_default())
    }
}
