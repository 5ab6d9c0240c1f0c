//! One device: where it stands, its images with their proof, and everything that was done to it, by whom.
//!
//! Promises: a bounded number of rows whatever the device's history; the audit chain is recomputed with the code that
//! `audit verify` uses, or the page says that it was not. `facts` and `images` show what is, `timeline` what was,
//! `chain` whether that can be believed.

mod chain;
mod facts;
mod images;
mod timeline;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;
use axum::{Extension, Router};
use common::audit::StoredEntry;
use common::domain::device::Serial;
use common::domain::status::DeviceStatus;
use common::ledger::{
    AttemptView, DeviceRecord, ImageView, JobFilter, JobView, Ledger, LedgerError, TrailFilter,
};
use maud::{Markup, html};

use super::layout::{Made, PageName, document};
use super::problem::Problem;
use super::{asked, text};
use crate::state::AppState;
use chain::{Verdict, Verdicts};

/// Jobs on the page.
const MAX_JOBS: u32 = 20;

/// Entries of the audit trail on the page: the newest ones.
const MAX_ENTRIES: u32 = 200;

/// The page and its fragment; they share what was recomputed.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/devices/{serial}", get(page))
        .route("/fragments/devices/{serial}", get(fragment))
        .layer(Extension(Arc::new(Verdicts::default())))
}

async fn page(
    State(state): State<AppState>,
    Extension(verdicts): Extension<Arc<Verdicts>>,
    Path(serial): Path<String>,
) -> Result<Html<String>, Problem> {
    let view = read(&state, &verdicts, &serial).await?;
    let picture = state.pictures.borrow().clone();
    let made = Made::from(&picture);
    Ok(Html(whole(&view, made).into_string()))
}

async fn fragment(
    State(state): State<AppState>,
    Extension(verdicts): Extension<Arc<Verdicts>>,
    Path(serial): Path<String>,
) -> Result<Html<String>, Problem> {
    let view = read(&state, &verdicts, &serial).await?;
    Ok(Html(changing(&view).into_string()))
}

/// Everything that the page shows.
pub(super) struct DeviceView {
    pub(super) device: DeviceRecord,
    pub(super) status: Option<DeviceStatus>,
    /// Newest first.
    pub(super) jobs: Vec<JobView>,
    /// Of the newest job.
    pub(super) images: Vec<ImageView>,
    /// Of the newest job.
    pub(super) attempts: Vec<AttemptView>,
    /// The newest ones, oldest first.
    pub(super) entries: Vec<StoredEntry>,
    pub(super) verdict: Verdict,
}

async fn read(state: &AppState, verdicts: &Verdicts, serial: &str) -> Result<DeviceView, Problem> {
    let unknown = || Problem::Unknown { what: format!("Device {serial}") };
    let parsed: Serial = serial.parse().map_err(|_| unknown())?;
    let ledger = &*state.engine.ledger;
    let device = asked(ledger.device(&parsed)).await?.ok_or_else(unknown)?;
    asked(collect(ledger, verdicts, device)).await
}

async fn collect(
    ledger: &dyn Ledger,
    verdicts: &Verdicts,
    device: DeviceRecord,
) -> Result<DeviceView, LedgerError> {
    let serial = &device.device.serial;
    let of_device = JobFilter { serial: Some(serial.clone()), ..JobFilter::default() };
    let (status, jobs) = (ledger.status(serial).await?, ledger.jobs(&of_device, MAX_JOBS).await?);
    let (images, attempts) = match jobs.first() {
        Some(job) => (ledger.images(job.id).await?, ledger.attempts(job.id).await?),
        None => (Vec::new(), Vec::new()),
    };

    let head = chain::head_of(ledger, serial.as_str()).await?;
    let before = head.as_ref().map_or(0, |head| head.seq.saturating_sub(i64::from(MAX_ENTRIES)).max(0));
    let filter = TrailFilter { chain: Some(serial.to_string()), job: None };
    let entries = ledger.entries(&filter, Some((serial.as_str(), before)), MAX_ENTRIES).await?;
    let verdict = verdicts.of(ledger, serial.as_str(), head.as_ref()).await?;
    Ok(DeviceView { device, status, jobs, images, attempts, entries, verdict })
}

pub(super) fn whole(view: &DeviceView, made: Made) -> Markup {
    let device = &view.device.device;
    let label = if device.hostname.is_empty() { device.serial.as_str() } else { &device.hostname };
    let label = text::cell(label);
    let main = html! {
        p.trail { a href="/devices" { "Devices" } " / " span.mono { (device.serial) } }
        h1 { (label) }
        div data-refresh={ "/fragments/devices/" (device.serial) } { (changing(view)) }
    };
    document(PageName::Device, &label, Some(made), &main)
}

/// What stands inside the part that changes.
fn changing(view: &DeviceView) -> Markup {
    html! {
        div.grid {
            div.stack.main {
                (facts::standing(view))
                (facts::jobs(&view.jobs))
            }
            (facts::facts(&view.device))
            (images::images(&view.images, view.status.as_ref()))
            (timeline::timeline(view))
        }
    }
}

/// A verdict for tests of pages.
#[cfg(test)]
pub(super) fn whole_chain(entries: u64) -> Verdict {
    Verdict::Whole { entries }
}
