//! The roles of `deploy/postgres/roles.sql` can do what our programs do, and the database refuses them the rest.
//!
//! Roles belong to the whole server, which other tests share; rights belong to the database of the test.

mod dashboard;

use std::sync::Arc;
use std::time::Duration;

use common::audit::{AuditAction, AuditFact};
use common::domain::catalogue::CatalogueEntry;
use common::domain::hash::{Evidence, HashObservation, HashOutcome, Sha256Hex};
use common::domain::hold::PauseScope;
use common::domain::job::JobType;
use common::ledger::{
    ClaimedJob, DeadEnd, End, ImageState, JobFilter, Ledger, NewDeadLetter, StepRecord, TrailFilter,
};
use testkit::postgres::Database;
use url::Url;

use crate::bench::{Bench, open};
use crate::fixtures::*;

/// What an operator runs.
const ROLES: &str = include_str!("../../../../deploy/postgres/roles.sql");

/// Refused log-ins after which the fleet is held.
const TRIP_AFTER: u32 = 1;

/// A database with the roles, migrated by its owner.
struct Roles {
    database: Database,
}

impl Roles {
    /// As the manual says: the script, the migration, the script.
    async fn ready() -> Self {
        let roles = Self::migrated().await;
        roles.apply().await;
        roles
    }

    async fn migrated() -> Self {
        let roles = Self { database: Database::create().await.unwrap() };
        roles.apply().await;
        roles.ledger("panos_owner").await.migrate().await.unwrap();
        roles
    }

    async fn apply(&self) {
        sql(self.database.url(), ROLES).await.unwrap();
    }

    fn url(&self, role: &str) -> String {
        url_of(self.database.url(), role)
    }

    async fn ledger(&self, role: &str) -> Arc<dyn Ledger> {
        open(&self.url(role)).await
    }

    /// Runs statements as a role; the database's words when it refuses.
    async fn sql(&self, role: &str, statements: &str) -> Result<(), String> {
        sql(&self.url(role), statements).await
    }

    async fn refuses(&self, role: &str, statement: &str) {
        let refusal = self.sql(role, statement).await.err().unwrap_or_default();
        let is_denied = refusal.contains("permission denied") || refusal.contains("must be owner");
        assert!(is_denied, "{role}: {statement}: {refusal}");
    }
}

fn url_of(url: &str, role: &str) -> String {
    let mut url = Url::parse(url).unwrap();
    url.set_username(role).unwrap();
    url.into()
}

async fn sql(url: &str, statements: &str) -> Result<(), String> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let run = async {
        let result = client.batch_execute(statements).await;
        drop(client); // which ends the connection
        result.map_err(|error| error.as_db_error().map_or(error.to_string(), |error| error.message().into()))
    };
    tokio::join!(run, connection).0
}

fn trusted() -> CatalogueEntry {
    CatalogueEntry {
        version: "11.1.0".parse().unwrap(),
        file_name: None,
        sha256: Sha256Hex::of(b"good"),
        source: "hashes.csv, line 1".to_owned(),
    }
}

fn observation() -> HashObservation {
    HashObservation {
        version: "11.1.0".parse().unwrap(),
        file_name: None,
        sha256: Sha256Hex::of(b"evil"),
        serial: serial(1),
    }
}

fn mismatching(claimed: &ClaimedJob, found: &str) -> StepRecord {
    let mut image = image("11.1.0", 0, ImageState::Downloaded);
    image.outcome = Some(HashOutcome::Mismatch {
        expected: Sha256Hex::of(b"good"),
        found: Sha256Hex::of(found.as_bytes()),
        evidence: Evidence::DeviceReported,
    });
    StepRecord { images: vec![image], ..step(claimed) }
}

fn letter() -> NewDeadLetter {
    NewDeadLetter {
        message_id: "m-1".to_owned(),
        routing_key: "download_only".to_owned(),
        body: b"?".to_vec(),
        size_bytes: 1,
        reason: "not JSON".to_owned(),
        died_at: "2026-11-23T12:00:00Z".parse().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_and_an_operator_can_do_all_their_work() {
    let roles = Roles::ready().await;
    let (operator_s, worker_s) = (&roles.ledger("panos_operator").await, &roles.ledger("panos_worker").await);
    operator_s.check().await.unwrap();
    worker_s.check().await.unwrap();

    // An operator prepares.
    let jobs = seed_many(operator_s, 5).await;
    operator_s.set_address(&serial(1), Some("192.0.2.9"), &operator()).await.unwrap();
    operator_s.add_hashes(&[trusted()], &operator()).await.unwrap();
    operator_s.pause(&operator()).await.unwrap();
    operator_s.resume(&operator()).await.unwrap();
    operator_s.pause_part(&PauseScope::Queue(JobType::DownloadOnly), &operator()).await.unwrap();

    // A worker lives a life, with everything that it may meet.
    worker_s.beat(&card("ann"), &[], LEASE).await.unwrap();
    worker_s.claim(jobs[0], &worker("ann"), LEASE).await.unwrap(); // marks the job as held up
    operator_s.resume_part(&PauseScope::Queue(JobType::DownloadOnly), &operator()).await.unwrap();
    operator_s.pause_part(&PauseScope::Worker(worker("ann")), &operator()).await.unwrap();
    operator_s.resume_part(&PauseScope::Worker(worker("ann")), &operator()).await.unwrap();
    assert!(!drain(worker_s).await.is_empty());
    let claimed = claim(worker_s, jobs[0], "ann").await;
    assert_eq!(renew(worker_s, std::slice::from_ref(&claimed.lease)).await.len(), 1);
    worker_s.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    let fewer = StepRecord { dropped: vec!["11.1.0".parse().unwrap()], ..step(&claimed) };
    worker_s.record(&claimed.lease, &fewer).await.unwrap();
    worker_s.observe(&observation()).await.unwrap();
    for found in ["evil", "worse"] {
        worker_s.record(&claimed.lease, &mismatching(&claimed, found)).await.unwrap();
    }
    worker_s.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    for (job, end) in jobs[1..4].iter().zip([retry(Duration::ZERO), failed(), End::Released]) {
        let claimed = claim(worker_s, *job, "ann").await;
        worker_s.end(&claimed.lease, &end, &step(&claimed)).await.unwrap();
    }
    worker_s.promote_due(100).await.unwrap();
    worker_s.rescue(Duration::ZERO, u32::MAX).await.unwrap();
    worker_s.login_refused(&serial(1), TRIP_AFTER).await.unwrap();
    operator_s.resume(&operator()).await.unwrap();
    worker_s.login_refused(&serial(1), TRIP_AFTER + 1).await.unwrap();
    worker_s.login_accepted().await.unwrap();
    worker_s.keep_dead(&[letter()]).await.unwrap();
    worker_s.anchor(Duration::ZERO).await.unwrap().unwrap();
    worker_s.leave(&worker("ann")).await.unwrap();

    // An operator looks, and ends things.
    operator_s.cancel(jobs[4], &operator()).await.unwrap();
    operator_s.clear_mismatch(&serial(1), &"11.1.0".parse().unwrap(), &operator()).await.unwrap().unwrap();
    operator_s.remove_hash(&trusted().version, None, &operator()).await.unwrap().unwrap();
    let fact = AuditFact::new(AuditAction::ImageDeleted, serde_json::json!({}));
    operator_s.note(&serial(2), &fact, &operator()).await.unwrap();
    operator_s.remove_device(&serial(1), &operator()).await.unwrap();
    let dead = operator_s.dead_letters(None, 10).await.unwrap();
    operator_s.end_dead(dead[0].id, DeadEnd::Dropped, &operator()).await.unwrap();
    operator_s.anchor(Duration::ZERO).await.unwrap().unwrap();
    drain(operator_s).await;
    assert!(super::verification(&**operator_s).await.ok);

    // A dashboard reads.
    let reader = &roles.ledger("panos_reader").await;
    assert_eq!(reader.jobs(&JobFilter::default(), 100).await.unwrap().len(), 5);
    assert!(!reader.entries(&TrailFilter::default(), None, 100).await.unwrap().is_empty());
    assert!(super::verification(&**reader).await.ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_owner_can_change_what_was_written_into_the_audit_trail() {
    let roles = Roles::ready().await;
    seed(&roles.ledger("panos_operator").await).await;
    roles.ledger("panos_worker").await.anchor(Duration::ZERO).await.unwrap().unwrap();
    for role in ["panos_worker", "panos_operator", "panos_reader"] {
        for table in ["audit", "audit_anchors", "audit_anchor_heads"] {
            roles.refuses(role, &format!("UPDATE {table} SET hash = hash")).await;
            roles.refuses(role, &format!("DELETE FROM {table}")).await;
            roles.refuses(role, &format!("TRUNCATE {table} CASCADE")).await;
            roles.refuses(role, &format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await;
            roles.refuses(role, &format!("ALTER TABLE {table} ADD COLUMN more text")).await;
            roles.refuses(role, &format!("DROP TABLE {table} CASCADE")).await;
        }
        for statement in [
            "DELETE FROM audit_heads",
            "TRUNCATE audit_heads CASCADE",
            "ALTER TABLE audit_heads DISABLE TRIGGER USER",
            "DROP TABLE audit_heads CASCADE",
            "DROP TRIGGER audit_is_append_only ON audit",
            "DROP FUNCTION refuse_change() CASCADE",
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "SET session_replication_role = replica",
            "UPDATE installation SET id = gen_random_uuid()",
            "UPDATE refinery_schema_history SET version = 0",
            "CREATE TABLE public.mine (id int)",
            "CREATE TEMPORARY TABLE audit (id int)",
        ] {
            roles.refuses(role, statement).await;
        }
    }
    assert!(super::verification(&*roles.ledger("panos_reader").await).await.ok);
}

/// What a worker that somebody took over could gain from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_makes_no_jobs_and_changes_neither_inventory_nor_trusted_hashes() {
    let roles = Roles::ready().await;
    for statement in [
        "INSERT INTO jobs (serial, job_type, goal, batch_id, operator, operator_host, max_attempts)
         VALUES ('0079', 'download_only', '{}', gen_random_uuid(), 'x', 'x', 1)",
        "DELETE FROM jobs",
        "UPDATE devices SET address = '192.0.2.66'",
        "INSERT INTO catalogue (version, sha256, source) VALUES ('11.1.4', repeat('a', 64), 'x')",
        "UPDATE catalogue SET sha256 = repeat('a', 64)",
        "DELETE FROM catalogue",
        "DELETE FROM dead_letters",
        "DELETE FROM attempts",
        "DELETE FROM mismatches",
        "INSERT INTO audit_heads (chain, seq, hash) VALUES ('x', 0, sha256(''))",
    ] {
        roles.refuses("panos_worker", statement).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_changes_nothing() {
    let roles = Roles::ready().await;
    let (client, connection) =
        tokio_postgres::connect(&roles.url("panos_reader"), tokio_postgres::NoTls).await.unwrap();
    let read = async {
        let tables = client
            .query(
                "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
                &[],
            )
            .await
            .unwrap();
        drop(client);
        tables.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    };
    let (tables, _) = tokio::join!(read, connection);
    assert!(tables.len() > 15, "{tables:?}");
    for table in tables {
        roles.sql("panos_reader", &format!("SELECT * FROM {table} LIMIT 1")).await.unwrap();
        roles.refuses("panos_reader", &format!("INSERT INTO {table} DEFAULT VALUES")).await;
        roles.refuses("panos_reader", &format!("DELETE FROM {table}")).await;
        roles.refuses("panos_reader", &format!("TRUNCATE {table}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_a_later_migration_can_be_used_at_once_and_are_narrowed_by_the_script() {
    let roles = Roles::ready().await;
    roles.sql("panos_owner", "CREATE TABLE later (id bigint)").await.unwrap();
    for role in ["panos_worker", "panos_operator"] {
        roles
            .sql(role, "INSERT INTO later VALUES (1); UPDATE later SET id = 2; DELETE FROM later")
            .await
            .unwrap();
    }
    roles.sql("panos_reader", "SELECT * FROM later").await.unwrap();
    roles.refuses("panos_reader", "INSERT INTO later VALUES (1)").await;
    // The script does not know this table: nobody needs to write there.
    roles.apply().await;
    roles.refuses("panos_worker", "INSERT INTO later VALUES (1)").await;
    roles.sql("panos_worker", "SELECT * FROM later").await.unwrap();
}

/// Between a migration and the next run of the script the triggers are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_append_only_before_the_script_has_run_again() {
    let roles = Roles::migrated().await;
    seed(&roles.ledger("panos_operator").await).await;
    for statement in ["UPDATE audit SET job_id = 1", "DELETE FROM audit", "DELETE FROM audit_anchor_heads"] {
        let refusal = roles.sql("panos_worker", statement).await.unwrap_err();
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
    }
    roles.refuses("panos_worker", "TRUNCATE audit").await;
    roles.refuses("panos_worker", "ALTER TABLE audit DISABLE TRIGGER USER").await;
}

/// A ledger that began without roles is taken over with all that is in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_somebody_else_migrated_is_handed_to_the_owner() {
    let ledger = Bench::postgres().await;
    let job = seed(&ledger).await;
    for _ in 0..2 {
        ledger.sql(ROLES).await.unwrap();
    }
    let owner = open(&url_of(&ledger.address(), "panos_owner")).await;
    assert_eq!(owner.migrate().await.unwrap(), Vec::<String>::new());
    sql(&url_of(&ledger.address(), "panos_owner"), "ALTER TABLE jobs ADD COLUMN more text").await.unwrap();
    let at_work = &open(&url_of(&ledger.address(), "panos_worker")).await;
    let claimed = claim(at_work, job, "ann").await;
    at_work.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    assert!(super::verification(&**at_work).await.ok);
}
