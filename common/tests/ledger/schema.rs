//! Migrating, the schema's version, and its words.

use std::collections::BTreeSet;
use std::process::Command;

use common::domain::device::Source;
use common::domain::hold::HoldCause;
use common::domain::job::{JobState, JobType};
use common::ledger::sqlite::SqliteLedger;
use common::ledger::{ImageState, Ledger, LedgerError, OutboxKind};
use testkit::postgres::Database;

use crate::bench::{self, Bench};
use crate::fixtures::*;

on_every_ledger![
    migrating_again_changes_nothing,
    a_schema_of_another_program_is_told,
    the_schema_refuses_a_job_that_cannot_be,
];

async fn migrating_again_changes_nothing(ledger: &Bench) {
    let job = seed(ledger).await;
    let (installation, before) = (ledger.installation().await.unwrap(), view(ledger, job).await);
    assert!(ledger.migrate().await.unwrap().is_empty());
    assert!(ledger.another().await.migrate().await.unwrap().is_empty());
    ledger.check().await.unwrap();
    assert_eq!(ledger.installation().await.unwrap(), installation);
    assert_eq!(view(ledger, job).await, before);
}

async fn a_schema_of_another_program_is_told(ledger: &Bench) {
    let newest = "SELECT max(version) FROM refinery_schema_history";
    let newer = format!("UPDATE refinery_schema_history SET version = 99 WHERE version = ({newest})");
    ledger.sql(&newer).await.unwrap();
    let answer = ledger.check().await;
    assert!(matches!(answer, Err(LedgerError::Schema { found: 99, wanted: 1.., .. })), "{answer:?}");
}

/// The invariants stand in the tables too, so that no statement of ours can break them by mistake.
async fn the_schema_refuses_a_job_that_cannot_be(ledger: &Bench) {
    seed_many(ledger, 2).await;
    for statement in [
        "UPDATE jobs SET state = 'finished'",
        "UPDATE jobs SET state = 'running'",
        "UPDATE jobs SET state = 'completed'",
        "UPDATE jobs SET lease_owner = 'eve'",
        "UPDATE jobs SET progress = 101",
        "UPDATE jobs SET ready_for_install = NOT ready_for_install",
        "UPDATE jobs SET serial = '007900000001'",
        "UPDATE jobs SET serial = 'nobody'",
        "UPDATE jobs SET job_type = 'reboot'",
        "UPDATE jobs SET pair_mode = 'sometimes'",
        "UPDATE jobs SET waits_for = 9999",
        "UPDATE jobs SET held_up = (1 = 1), state = 'scheduled'",
        "UPDATE jobs SET waits_for = id, state = 'scheduled'",
        "UPDATE fleet SET hold_cause = 'operator'",
        "INSERT INTO fleet DEFAULT VALUES",
    ] {
        assert!(ledger.sql(statement).await.is_err(), "{statement} was accepted");
    }
}

/// Name of [`migrate_as_a_process`], for starting it.
const PROCESS: &str = "schema::migrate_as_a_process";

/// Tells the process where its ledger is.
const ADDRESS_VARIABLE: &str = "LEDGER_UNDER_TEST";

/// Started by [`processes_migrate`] with an address; without one there is nothing to do.
#[tokio::test]
async fn migrate_as_a_process() {
    if let Ok(address) = std::env::var(ADDRESS_VARIABLE) {
        let ledger = bench::open(&address).await;
        ledger.migrate().await.unwrap();
        ledger.check().await.unwrap();
    }
}

/// Migrates a new ledger from several processes at once.
async fn processes_migrate(address: &str) {
    let processes: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args([PROCESS, "--exact", "--nocapture"])
                .env(ADDRESS_VARIABLE, address)
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("1 passed"), "the process ran something else: {text}");
    }
    let ledger = bench::open(address).await;
    ledger.check().await.unwrap();
    register(&ledger, 1).await;
}

#[tokio::test]
async fn several_processes_may_migrate_a_new_sqlite_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    processes_migrate(&directory.path().join("new/ledger.sqlite").display().to_string()).await;
}

#[tokio::test]
async fn several_processes_may_migrate_a_new_postgres_database_at_once() {
    let database = Database::create().await.unwrap();
    processes_migrate(database.url()).await;
}

#[tokio::test]
async fn a_postgres_database_that_was_never_migrated_is_told() {
    let database = Database::create().await.unwrap();
    let answer = bench::open(database.url()).await.check().await;
    assert!(matches!(answer, Err(LedgerError::Schema { found: 0, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_sqlite_file_of_a_newer_program_is_not_opened() {
    let ledger = Bench::sqlite().await;
    ledger.sql("UPDATE refinery_schema_history SET version = 99 WHERE version = 1").await.unwrap();
    let answer = SqliteLedger::open(ledger.address().as_ref()).await.map(|ledger| ledger.location());
    assert!(matches!(answer, Err(LedgerError::Schema { found: 99, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_sqlite_ledger_that_another_process_holds_too_long_is_not_reachable() {
    let ledger = Bench::sqlite().await;
    seed(&ledger).await;
    let holder = rusqlite::Connection::open(ledger.address()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = ledger.promote_due(1).await;
    assert!(matches!(answer, Err(LedgerError::NotReachable { .. })), "{answer:?}");
    ledger.counts(None).await.unwrap();
    holder.execute_batch("ROLLBACK").unwrap();
    ledger.promote_due(1).await.unwrap();
}

/// Words that the CHECK of `table.column` allows, in one dialect.
fn words(dialect: &str, migration: &str, table: &str, column: &str) -> BTreeSet<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let text = std::fs::read_to_string(format!("{root}/{dialect}/{migration}.sql")).unwrap();
    let (_, table) = text.split_once(&format!("CREATE TABLE {table} (")).unwrap();
    let (_, list) = table.split_once(&format!("CHECK ({column} IN")).unwrap();
    let (list, _) = list.trim_start().trim_start_matches('(').split_once(')').unwrap();
    list.split(',').map(|word| word.trim().trim_matches('\'').to_owned()).collect()
}

#[test]
fn the_words_in_the_tables_are_the_words_of_the_program() {
    let states = JobState::ALL.map(JobState::as_str).to_vec();
    let job_types = JobType::ALL.map(JobType::as_str).to_vec();
    let images = ImageState::ALL.map(ImageState::as_str).to_vec();
    let sources = [Source::Panorama, Source::Csv].map(Source::as_str).to_vec();
    let kinds = [OutboxKind::WakeUp, OutboxKind::Event].map(OutboxKind::as_str).to_vec();
    let causes = HoldCause::ALL.map(HoldCause::as_str).to_vec();
    for dialect in ["sqlite", "postgres"] {
        for (migration, table, column, expected) in [
            ("V1__inventory", "devices", "source", &sources),
            ("V2__jobs", "jobs", "state", &states),
            ("V2__jobs", "jobs", "job_type", &job_types),
            ("V2__jobs", "job_images", "state", &images),
            ("V3__outbox", "outbox", "kind", &kinds),
            ("V6__holds_and_pairs", "fleet", "hold_cause", &causes),
        ] {
            let expected = expected.iter().map(ToString::to_string).collect();
            assert_eq!(words(dialect, migration, table, column), expected, "{dialect} {table}.{column}");
        }
    }
}

/// A ledger keeps its jobs for good, so what runs for each job, or every few seconds, looks up what it needs.
#[tokio::test]
async fn what_runs_all_the_time_reads_no_whole_table_of_sqlite() {
    macro_rules! statements {
        ($($name:literal),+ $(,)?) => {
            [$(($name, include_str!(concat!("../../src/ledger/sqlite/sql/", $name, ".sql")))),+]
        };
    }
    let ledger = Bench::sqlite().await;
    let file = rusqlite::Connection::open(ledger.address()).unwrap();
    // Their plans name a search for children that is only made after a reference was broken.
    file.pragma_update(None, "foreign_keys", false).unwrap();
    for (name, text) in statements![
        "insert_jobs",
        "read_holders",
        "claim_job",
        "read_refusal",
        "note_refusal",
        "read_pair",
        "renew_leases",
        "record_step",
        "open_mismatches",
        "end_jobs",
        "wake_waiting",
        "promote_due",
        "read_next_due",
        "read_expired",
        "wake_unclaimed",
        "wake_held_up",
    ] {
        let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let line: String = row.get("detail").unwrap();
            let of_one_row = ["SCAN fleet", "SCAN f"].contains(&line.as_str());
            assert!(of_one_row || !line.starts_with("SCAN") || line.contains("INDEX"), "{name}: {line}");
        }
    }
}
