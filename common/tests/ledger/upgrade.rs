//! A ledger that an earlier program filled is migrated with everything in it.

use common::domain::device::{Device, Ha, Source};
use common::domain::job::{JobId, JobState, PairMode};
use common::domain::path::Goal;
use common::ledger::{Claim, Completeness, EnqueueAnswer, JobFilter, Ledger, PairRole};
use refinery::Target;
use testkit::postgres::Database;

use crate::bench;
use crate::fixtures::*;

mod of_sqlite {
    refinery::embed_migrations!("../migrations/sqlite");
}

mod of_postgres {
    refinery::embed_migrations!("../migrations/postgres");
}

/// The schema of the first program that anybody used.
const RELEASED: i32 = 5;

/// What that program left behind: three devices with a job each, a pair among them. The words that differ between the
/// dialects are filled in.
fn rows(id: &str, now: &str, yes: &str, no: &str, overriding: &str) -> String {
    let goal = serde_json::json!(Goal::Target("11.1.4-h7".parse().unwrap()));
    let batch = "01890000-0000-7000-8000-000000000000";
    let device = |n: u32, ha: &str| {
        format!(
            "INSERT INTO devices (serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys,
                                  connected, source)
             VALUES ('{}', 'edge-{n}', '192.0.2.{n}', 'PA-440', '10.2.9', {ha}, {no}, {yes}, 'panorama');",
            serial(n)
        )
    };
    let job = |n: u32, columns: &str, values: &str| {
        format!(
            "INSERT INTO jobs (id, serial, job_type, goal, batch_id, operator, operator_host, max_attempts {columns})
             {overriding} VALUES ({n}, '{}', 'download_only', '{goal}', '{batch}', 'ann', 'shell-1', 3 {values});",
            serial(n)
        )
    };
    [
        format!("INSERT INTO installation (id) VALUES ('{id}');"),
        device(1, &format!("'active', '{}'", serial(2))),
        device(2, "'passive', NULL"),
        device(3, "NULL, NULL"),
        job(
            1,
            ", state, attempt, lease_owner, lease_token, lease_expires_at",
            &format!(", 'running', 1, 'old', 1, {now}"),
        ),
        job(2, "", ""),
        job(3, ", state, ended_at, failure_kind", &format!(", 'failed', {now}, 'disk_full'")),
        "INSERT INTO attempts (job_id, lease_token, attempt, worker) VALUES (1, 1, 1, 'old');".to_owned(),
        "INSERT INTO job_images (job_id, version, position, rule, state)
         VALUES (1, '11.1.0', 0, 'the base', 'requested');"
            .to_owned(),
        format!(
            "INSERT INTO catalogue (version, file_name, sha256, source)
             VALUES ('11.1.0', '', '{}', 'hashes.csv, line 1');",
            "a".repeat(64)
        ),
    ]
    .join("\n")
}

/// The ledger works on, for old jobs and for new ones.
async fn works_on(ledger: &dyn Ledger) {
    ledger.check().await.unwrap();
    let jobs = ledger.jobs(&JobFilter::default(), 10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [JobId(3), JobId(2), JobId(1)]);
    assert!(jobs.iter().all(|job| job.pair == PairMode::InTurn));
    assert_eq!(ledger.images(JobId(1)).await.unwrap().len(), 1);
    assert_eq!(ledger.hashes().await.unwrap().len(), 1);
    assert_eq!(ledger.hold().await.unwrap(), None);
    assert_eq!(ledger.devices().await.unwrap()[0].address_override, None);
    assert_eq!(ledger.mismatches(false).await.unwrap(), []);
}

/// What every old ledger does after it was migrated.
async fn goes_on(address: &str) {
    let ledger = bench::open(address).await;
    ledger.migrate().await.unwrap();
    works_on(&*ledger).await;
    register(&ledger, 3).await; // which begins the chains that the rows above left out
    let ha = Ha::Member { state: "active".to_owned(), peer: Some(serial(2)) };
    let devices = [Device { ha, ..device(1) }];
    ledger.record_devices(&devices, Source::Panorama, Completeness::Partial, &operator()).await.unwrap();

    let busy = ledger.claim(JobId(2), &worker("ann"), LEASE).await.unwrap();
    assert_eq!(busy, Claim::PeerBusy { peer: JobId(1) }, "the old attempt still runs");
    let rescued = ledger.rescue(LEASE, u32::MAX).await.unwrap();
    assert_eq!(rescued.expired, [JobId(1)]);
    let claimed = claim(&ledger, JobId(2), "ann").await;
    assert_eq!((claimed.pair, claimed.role), (PairMode::InTurn, PairRole::Member));
    assert_eq!(state(&ledger, JobId(1)).await, JobState::Available);
    let answers = ledger.enqueue(&batch(vec![wish(3)])).await.unwrap();
    assert!(matches!(answers[0].1, EnqueueAnswer::Created { .. }), "{answers:?}");
}

#[tokio::test]
async fn a_sqlite_ledger_of_the_released_schema_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.sqlite");
    let old = path.clone();
    let fill = move || {
        let mut connection = rusqlite::Connection::open(old).unwrap();
        let migrations = of_sqlite::migrations::runner();
        migrations.set_grouped(true).set_target(Target::Version(RELEASED)).run(&mut connection).unwrap();
        let rows = rows("01890000-0000-7000-8000-000000000001", "1", "1", "0", "");
        connection.execute_batch(&rows).unwrap();
    };
    tokio::task::spawn_blocking(fill).await.unwrap();
    goes_on(&path.display().to_string()).await;
}

#[tokio::test]
async fn a_postgres_ledger_of_the_released_schema_goes_on() {
    let database = Database::create().await.unwrap();
    let (mut client, connection) =
        tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    let fill = async {
        let migrations = of_postgres::migrations::runner();
        migrations.set_target(Target::Version(RELEASED)).run_async(&mut client).await.unwrap();
        let rows = rows(
            "01890000-0000-7000-8000-000000000001",
            "now() - interval '1 hour'",
            "true",
            "false",
            "OVERRIDING SYSTEM VALUE",
        );
        let after = "SELECT setval(pg_get_serial_sequence('jobs', 'id'), 3)";
        client.batch_execute(&format!("{rows}\n{after}")).await.unwrap();
        drop(client); // which ends the connection
    };
    let ((), connection) = tokio::join!(fill, connection);
    connection.unwrap();
    goes_on(database.url()).await;
}
