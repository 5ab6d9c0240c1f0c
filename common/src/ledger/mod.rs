//! Where the truth about every job lives.
//!
//! [`Ledger`] is the sum of small traits, one per subject, each with its own file here and in both backends:
//! [`Inventory`], [`Queue`] (enqueue, claim, end), [`Workers`] (leases that live on, pauses), [`Fleet`] (hold), [`Outbox`],
//! [`DeadLetters`], [`Catalogue`], [`Trail`] (audit), [`Query`] and [`Overview`] (all devices at once).
//! `postgres` and `sqlite` implement them with one SQL statement per file, same names on both sides, and the
//! contract suite in `common/tests/ledger` holds both to the same behaviour.
//!
//! # Guarantees
//! At most one job per device is not terminal: the unique index behind that *is* the device's lock, so no
//! lock can outlive its job. A write under any lease but the current one is refused, never ignored. A
//! method's state, audit entries and events are written together or not at all. Times are the database's.
//!
//! # Leaves to others
//! What to do with a job (worker), when to call which method (relay, rescuer, lease keeper), delivering what
//! the outbox holds (broker).

mod catalogue;
mod dead_letters;
mod fleet;
pub mod health;
mod inventory;
mod outbox;
mod overview;
pub mod postgres;
mod query;
mod queue;
mod requests;
mod rows;
pub mod sqlite;
mod trail;
mod workers;

use async_trait::async_trait;

pub use catalogue::{Catalogue, CatalogueChange, CatalogueConflict};
pub use dead_letters::{
    Collected, DeadEnd, DeadLetter, DeadLetters, MAX_BURIALS, MAX_DEAD_BYTES, MAX_DEAD_LETTERS, NewDeadLetter,
};
pub use fleet::{Fleet, LoginWatch};
pub use inventory::{Changed, Completeness, DeviceRecord, Discovery, Inventory, RemoveAnswer};
pub use outbox::{
    LONGEST_REFUSED_PAUSE, Outbox, OutboxKind, OutboxRow, OutboxState, REFUSED_PAUSE, RelayToken, Settlement,
    TakenRows,
};
pub use overview::{
    AlarmCounts, Bucket, DevicePage, DeviceQuery, DeviceRow, DeviceSort, FleetPicture, ImageCount, LAST_PAGE,
    MAX_BUCKETS, MAX_PER_PAGE, Overview, Throughput,
};
pub use query::{AttemptView, FailureCount, ImageView, JobFilter, JobView, PairMember, Query, StatusCounts};
pub use queue::{
    Batch, CancelAnswer, CancelRequest, Claim, ClaimedJob, DeviceJobRef, ENQUEUE_CHUNK, End, EnqueueAnswer,
    ImageRecord, ImageState, PairRole, Queue, Renewal, Rescued, StepRecord,
};
pub use requests::{MAX_REQUESTS, NewRequest, REQUESTS_KEPT, RequestState, Requests};
pub use trail::{Trail, TrailFilter};
pub use workers::{Beat, WORKERS_KEPT, WORKERS_SHOWN, WorkerCard, WorkerState, WorkerView, Workers};

use crate::domain::device::Serial;
use crate::domain::job::JobId;
use crate::domain::lease::WorkerId;

/// Everything a program may ask of the ledger.
#[async_trait]
pub trait Ledger:
    Inventory + Queue + Workers + Fleet + Outbox + DeadLetters + Catalogue + Trail + Query + Overview + Requests
{
    /// Brings the schema up to date. Safe to call from several processes at once and again.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`], [`LedgerError::Store`].
    async fn migrate(&self) -> Result<Vec<String>, LedgerError>;

    /// Checks that the ledger answers and that its schema is the one this program was built for.
    ///
    /// # Errors
    /// [`LedgerError::NotReachable`]; [`LedgerError::Schema`] when `migrate` has to run first.
    async fn check(&self) -> Result<(), LedgerError>;

    /// Where this ledger is, without secrets, for messages.
    fn location(&self) -> String;
}

/// Why the ledger did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The lease expired and somebody else may hold the job: stop, write nothing more.
    #[error("job {job}: the lease is lost")]
    LeaseLost {
        /// The job.
        job: JobId,
    },
    /// No such job.
    #[error("there is no job {job}")]
    UnknownJob {
        /// As asked for.
        job: JobId,
    },
    /// No such device.
    #[error("device {serial} is not in the inventory")]
    UnknownDevice {
        /// As asked for.
        serial: Serial,
    },
    /// No such worker was ever seen, or none that is remembered.
    #[error("there is no worker {worker}")]
    UnknownWorker {
        /// As asked for.
        worker: WorkerId,
    },
    /// No such dead letter: it was requeued or dropped, or never was.
    #[error("there is no dead letter {id}")]
    UnknownDeadLetter {
        /// As asked for.
        id: i64,
    },
    /// No room: a person has to make some. Wait as for [`LedgerError::NotReachable`].
    #[error("the ledger at {location} is full: {reason}")]
    Full {
        /// Where.
        location: String,
        /// Of what, without secrets.
        reason: String,
    },
    /// No answer, or none in time: try again later.
    #[error("the ledger at {location} is not reachable: {reason}")]
    NotReachable {
        /// Where.
        location: String,
        /// Why, without secrets.
        reason: String,
    },
    /// The schema is older or newer than this program.
    #[error("the ledger at {location} has schema {found}, this program needs {wanted}")]
    Schema {
        /// Where.
        location: String,
        /// Version found, 0 for an empty database.
        found: u32,
        /// Version needed.
        wanted: u32,
    },
    /// The database refused a statement, or holds something that cannot be.
    #[error("the ledger failed in {statement}: {reason}")]
    Store {
        /// Name of the statement.
        statement: &'static str,
        /// The database's words, without values.
        reason: String,
    },
}
