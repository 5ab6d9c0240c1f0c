//! The contract of [`common::ledger::Ledger`], held by both ledgers.
//!
//! | file | holds |
//! |---|---|
//! | `bench.rs` | the ledgers under test, each with data of its own, and what may be done behind their backs |
//! | `fixtures.rs` | devices, wishes, steps, and what tests say often |
//! | `enqueue.rs` | wishes become jobs; one active job per device |
//! | `claim.rs`, `lease.rs` | taking a lease, keeping it, losing it |
//! | `step.rs`, `end.rs` | what a worker writes, and how its attempt ends |
//! | `workers.rs` | beats, and what is known of each worker |
//! | `pair.rs`, `fleet.rs`, `pause.rs` | who may not be claimed now, and what wakes it again |
//! | `cancel.rs`, `due.rs`, `rescue.rs` | stopping, coming due, coming back |
//! | `outbox.rs` | relays: order, holding, settling |
//! | `trace.rs` | a job stays in the trace of its wish |
//! | `dead_letters.rs` | messages that died, until a person has decided |
//! | `inventory.rs`, `catalogue.rs` | devices and trusted hashes |
//! | `watch.rs` | hashes that devices report: disputes, mismatches |
//! | `requests.rs` | what other programs asked for, once and again |
//! | `trail.rs` | the audit trail verifies, and every kind of tampering is found |
//! | `query.rs`, `overview.rs` | lists, pages, counts; the whole fleet at a glance |
//! | `schema.rs`, `upgrade.rs` | migrating, also a ledger that is in use; the words in the tables |
//!
//! A case is an async function over a [`bench::Bench`]; [`on_every_ledger`] makes it one test per ledger, so a new
//! ledger is one more module in that macro. Ledger time passes because [`bench::Bench::elapse`] moves the stored
//! times back. PostgreSQL is a database on a private or given server (crate `testkit`).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "cases are functions beside their tests; what they do not expect fails the test"
)]

/// Makes each case a test per ledger: `sqlite::case` and `postgres::case`.
macro_rules! on_every_ledger {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&crate::bench::Bench::sqlite().await).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&crate::bench::Bench::postgres().await).await;
                }
            )+
        }
    };
}

mod bench;
mod cancel;
mod catalogue;
mod claim;
mod dead_letters;
mod due;
mod end;
mod enqueue;
mod fixtures;
mod fleet;
mod inventory;
mod lease;
mod outbox;
mod overview;
mod pair;
mod pause;
mod query;
mod requests;
mod rescue;
mod schema;
mod step;
mod trace;
mod trail;
mod upgrade;
mod watch;
mod workers;
