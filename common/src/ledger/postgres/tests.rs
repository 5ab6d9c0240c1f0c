//! What is PostgreSQL's alone. The behaviour of a ledger is held by the contract suite in `common/tests/ledger`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::statement::{Statement, text};
use super::*;
use crate::audit::{AuditAction, AuditFact};
use crate::domain::device::{Device, Ha, Serial, Source};
use crate::domain::hold::PauseScope;
use crate::domain::job::{BatchId, JobId, JobSpec, JobType, PairMode, Requester};
use crate::domain::lease::WorkerId;
use crate::domain::path::Goal;
use crate::domain::status::DeviceStatus;
use crate::ledger::rows::NewEntry;
use crate::ledger::{
    Batch, Claim, Completeness, DeadEnd, DeadLetters, End, EnqueueAnswer, Fleet, Inventory, JobFilter,
    NewDeadLetter, Outbox, OutboxRow, Query, Queue, Settlement, StepRecord, Trail, TrailFilter, WorkerCard,
    Workers,
};
use jiff::Timestamp;
use testkit::postgres::Database;
use testkit::wait::wait_until;

mod failures;
mod plans;

const LIMIT: Duration = Duration::from_secs(10);
const HOLD: Duration = Duration::from_secs(60);

async fn ledger_in(database: &Database) -> PostgresLedger {
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 8, LIMIT).await.unwrap();
    ledger.migrate().await.unwrap();
    ledger
}

fn somebody() -> Requester {
    Requester { operator: "ann".to_owned(), host: "laptop".to_owned(), reason: None }
}

fn serials(n: usize) -> Vec<Serial> {
    (0..n).map(|index| format!("0079{index:05}").parse().unwrap()).collect()
}

/// Each two of them are a pair; the last one of an odd number stands alone.
async fn discover_pairs(ledger: &PostgresLedger, serials: &[Serial]) {
    let peer = |n: usize| serials.get(n ^ 1).cloned();
    let state = || "active".to_owned();
    let ha = |n| peer(n).map_or(Ha::Standalone, |peer| Ha::Member { state: state(), peer: Some(peer) });
    record(ledger, serials, ha).await;
}

async fn discover(ledger: &PostgresLedger, serials: &[Serial]) {
    record(ledger, serials, |_| Ha::Standalone).await;
}

async fn record(ledger: &PostgresLedger, serials: &[Serial], ha: impl Fn(usize) -> Ha) {
    let device = |(n, serial): (usize, &Serial)| Device {
        serial: serial.clone(),
        hostname: "fw".to_owned(),
        address: None,
        model: "PA-440".to_owned(),
        sw_version: "10.2.4".to_owned(),
        ha: ha(n),
        multi_vsys: false,
        connected: true,
        source: Source::Panorama,
    };
    let devices: Vec<Device> = serials.iter().enumerate().map(device).collect();
    ledger.record_devices(&devices, Source::Panorama, Completeness::Complete, &somebody()).await.unwrap();
}

fn batch<'a>(serials: impl IntoIterator<Item = &'a Serial>) -> Batch {
    let spec = |serial: &Serial| JobSpec {
        serial: serial.clone(),
        job_type: JobType::DownloadOnly,
        goal: Goal::Target("11.1.4".parse().unwrap()),
        max_attempts: 3,
        retry_of: None,
        pair: PairMode::InTurn,
    };
    Batch { id: BatchId::new(), by: somebody(), jobs: serials.into_iter().map(spec).collect() }
}

fn created(answers: &[(Serial, EnqueueAnswer)]) -> Vec<JobId> {
    answers
        .iter()
        .filter_map(|(_, answer)| match answer {
            EnqueueAnswer::Created { job } => Some(*job),
            EnqueueAnswer::Existing { .. }
            | EnqueueAnswer::Conflict { .. }
            | EnqueueAnswer::Mismatch { .. }
            | EnqueueAnswer::UnknownDevice => None,
        })
        .collect()
}

fn step(serial: &Serial, n_facts: usize) -> StepRecord {
    let fact = |n: usize| AuditFact::new(AuditAction::SpaceChecked, serde_json::json!({ "n": n }));
    StepRecord {
        status: DeviceStatus::untouched(serial.as_str(), "fw", "standalone", "10.2.4", Timestamp::UNIX_EPOCH),
        images: Vec::new(),
        dropped: Vec::new(),
        audit: (0..n_facts).map(fact).collect(),
        events: Vec::new(),
    }
}

fn card(worker: &WorkerId) -> WorkerCard {
    WorkerCard {
        id: worker.clone(),
        host: "pod-1".to_owned(),
        version: "1.2.3".to_owned(),
        job_types: vec![JobType::DownloadOnly],
        concurrency: 8,
        draining: false,
    }
}

/// A row as it comes back when nobody could settle it.
fn died(row: &OutboxRow) -> NewDeadLetter {
    NewDeadLetter {
        message_id: row.message_id.clone(),
        routing_key: row.routing_key.clone(),
        body: row.body.clone().into_bytes(),
        size_bytes: u64::try_from(row.body.len()).unwrap(),
        reason: "delivered too often".to_owned(),
        died_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn every_query_is_a_file_that_begins_with_its_name() {
    let sources: String = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ledger/postgres"))
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok())
        .collect();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ledger/postgres/sql")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let query = std::fs::read_to_string(&path).unwrap();
        assert!(query.starts_with(&format!("-- {name}: ")), "{name}");
        assert!(sources.contains(&format!("statement!(\"{name}\")")), "nobody asks {name}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_reachable_and_no_secret_is_told() {
    // Bound and not listening: nobody else can answer there.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let url = Secret::new(format!("postgres://app:hunter2@127.0.0.1:{port}/ledger"));
    let error = PostgresLedger::connect(&url, 1, LIMIT).await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::NotReachable { location, .. } if location.contains("app@127.0.0.1"))
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_ledger_prints_as_its_place() {
    let database = Database::create().await.unwrap();
    // A server that trusts its users takes any password.
    let mut url = url::Url::parse(database.url()).unwrap();
    if url.password().is_none() {
        url.set_password(Some("hunter2")).unwrap();
    }
    let password = url.password().unwrap().to_owned();
    let ledger = PostgresLedger::connect(&Secret::new(url), 1, LIMIT).await.unwrap();
    let printed = format!("{ledger:?} {}", ledger.location());
    assert!(printed.contains(database.name()) && !printed.contains(&password), "{printed}");
}

#[tokio::test]
async fn a_refused_statement_is_told_by_name_and_code_without_values() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let twice =
        Statement { name: "twice", text: "INSERT INTO audit_heads SELECT $1, 0, hash FROM audit_heads" };
    let error = ledger.pool.rows(&twice, [text("system")]).await.unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, LedgerError::Store { statement: "twice", .. }), "{told}");
    assert!(told.contains("23505") && !told.contains("system"), "{told}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_by_the_server() {
    let database = Database::create().await.unwrap();
    let limit = Duration::from_millis(100);
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 1, limit).await.unwrap();
    let sleep = Statement { name: "sleep", text: "SELECT pg_sleep(60)" };
    let error = ledger.pool.rows(&sleep, []).await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::NotReachable { reason, .. } if reason.contains("57014")),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_and_asked_again_on_another_connection() {
    let database = Database::create().await.unwrap();
    // Zero is no limit to the server, so that our own is the first to pass.
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 1, Duration::ZERO).await.unwrap();
    let sleep = Statement { name: "sleep", text: "SELECT pg_sleep(60)" };
    let error = ledger.pool.rows(&sleep, []).await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::NotReachable { reason, .. } if reason.contains("sleep")),
        "{error}"
    );
    assert!(matches!(ledger.check().await, Err(LedgerError::Schema { found: 0, .. })));
}

#[tokio::test]
async fn a_call_that_is_dropped_on_the_way_keeps_nobody_waiting_and_is_stopped() {
    const SLEEP: Statement = Statement { name: "sleep", text: "SELECT pg_sleep(8)" };
    const SLEEPERS: Statement = Statement {
        name: "sleepers",
        text: "SELECT count(*) AS n FROM pg_stat_activity
               WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep%'
               AND pid <> pg_backend_pid()",
    };
    let database = Database::create().await.unwrap();
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 1, LIMIT).await.unwrap();
    let n_sleepers = async || {
        let rows = ledger.pool.rows(&SLEEPERS, []).await.unwrap();
        rows[0].get::<_, i64>("n")
    };
    let hung_up = tokio::time::timeout(Duration::from_millis(300), ledger.pool.rows(&SLEEP, [])).await;
    assert!(hung_up.is_err());
    let soon = Duration::from_secs(4);
    let asked = tokio::time::timeout(soon, n_sleepers()).await;
    assert!(asked.is_ok(), "the only connection of the pool was kept by a call that nobody waits for");
    wait_until("the server has stopped it", soon, async || match n_sleepers().await {
        0 => Ok(()),
        n => Err(format!("{n} sleep")),
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing_and_its_connection_is_used_again() {
    let database = Database::create().await.unwrap();
    ledger_in(&database).await;
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 1, LIMIT).await.unwrap();
    {
        let mut connection = ledger.pool.connection().await.unwrap();
        let transaction = connection.begin().await.unwrap();
        trail::begin_chains(&transaction, &["gone"]).await.unwrap();
    }
    let heads = ledger.heads(None, 10).await.unwrap();
    assert_eq!(heads.iter().map(|head| head.chain.as_str()).collect::<Vec<_>>(), ["system"]);
}

#[tokio::test]
async fn an_entry_without_a_chain_fails_the_whole_call() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let entry = |chain: &str| NewEntry { chain: chain.to_owned(), job: None, body: b"{}".to_vec() };
    let mut connection = ledger.pool.connection().await.unwrap();
    let transaction = connection.begin().await.unwrap();
    let error = trail::append(&transaction, &[entry("system"), entry("nowhere")]).await.unwrap_err();
    assert!(matches!(error, LedgerError::Store { statement: "append_entries", .. }), "{error}");
}

/// Recomputes every chain.
async fn assert_that_chains_fit(ledger: &PostgresLedger) {
    let installation = ledger.installation().await.unwrap();
    for head in ledger.heads(None, 10_000).await.unwrap() {
        let filter = TrailFilter { chain: Some(head.chain.clone()), job: None };
        let mut last = crate::audit::EntryHash::genesis(installation, &head.chain);
        let entries = ledger.entries(&filter, None, 10_000).await.unwrap();
        for (entry, seq) in entries.iter().zip(1..) {
            assert_eq!((entry.seq, entry.prev), (seq, last));
            last = last.next(seq, &entry.body);
            assert_eq!(entry.hash, last);
        }
        assert_eq!((head.seq, head.hash), (i64::try_from(entries.len()).unwrap(), last), "{}", head.chain);
    }
}

#[tokio::test]
async fn entries_of_one_call_are_linked_as_the_verifier_computes_them() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let devices = serials(2);
    discover(&ledger, &devices).await;
    ledger.enqueue(&batch(&devices)).await.unwrap();
    let mut connection = ledger.pool.connection().await.unwrap();
    let transaction = connection.begin().await.unwrap();
    let entry = |serial: &Serial, n: u8| NewEntry { chain: serial.to_string(), job: None, body: vec![n] };
    let mixed: Vec<NewEntry> = (0..6).map(|n| entry(&devices[usize::from(n % 2)], n)).collect();
    trail::append(&transaction, &mixed).await.unwrap();
    transaction.commit().await.unwrap();

    assert_that_chains_fit(&ledger).await;
    let filter = TrailFilter { chain: Some(devices[1].to_string()), job: None };
    let added = ledger.entries(&filter, Some((devices[1].as_str(), 1)), 10).await.unwrap();
    assert_eq!(added.iter().map(|entry| entry.body[0]).collect::<Vec<_>>(), [1, 3, 5]);
}

#[tokio::test]
async fn wishes_become_jobs_in_order_of_their_serials() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let devices = serials(50);
    discover(&ledger, &devices).await;
    let mut answers = ledger.enqueue(&batch(devices.iter().rev())).await.unwrap();
    answers.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(created(&answers).is_sorted(), "the order of locks: {answers:?}");
}

#[tokio::test]
async fn devices_that_have_a_job_use_up_no_numbers() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let devices = serials(30);
    discover(&ledger, &devices).await;
    let first = created(&ledger.enqueue(&batch(&devices[..29])).await.unwrap());
    for _ in 0..3 {
        assert!(created(&ledger.enqueue(&batch(&devices[..29])).await.unwrap()).is_empty());
    }
    let last = created(&ledger.enqueue(&batch(&devices)).await.unwrap());
    assert_eq!(last, [JobId(first.iter().max().unwrap().0 + 1)]);
}

/// Who waits for an advisory lock in this database.
const WAITING: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test]
async fn a_relay_waits_for_one_that_is_taking_and_then_leaves_its_jobs_alone() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let devices = serials(2);
    discover(&ledger, &devices).await;
    ledger.enqueue(&batch(&devices)).await.unwrap();

    let mut connection = ledger.pool.connection().await.unwrap();
    let transaction = connection.begin().await.unwrap();
    let first = outbox::take(&transaction, 1, HOLD).await.unwrap().rows;
    let mut second = std::pin::pin!(ledger.take_outbox(10, HOLD));
    let waiting = wait_until("the second relay waits for its turn", LIMIT, async || {
        let waiting = Statement { name: "waiting", text: WAITING };
        let rows = ledger.pool.rows(&waiting, []).await.unwrap();
        if rows.is_empty() { Err("nobody waits".to_owned()) } else { Ok(()) }
    });
    tokio::select! {
        biased;
        taken = &mut second => panic!("it did not wait: {taken:?}"),
        () = waiting => {}
    }
    transaction.commit().await.unwrap();

    let second = second.await.unwrap().rows;
    assert_eq!((first.len(), second.len()), (1, 2), "one row, then both of the other job");
    assert!(second.iter().all(|row| row.job != first[0].job), "{first:?} {second:?}");
}

/// Everything that writes, at once, on the same devices: nobody deadlocks, and every chain still fits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_writes_goes_on_side_by_side() {
    const ROUNDS: usize = 8;
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let devices = serials(25);
    discover_pairs(&ledger, &devices).await;
    let worker = WorkerId::unique("w", 1);

    let enqueue = async |turn: usize| {
        for round in 0..ROUNDS * 2 {
            let turned: Vec<&Serial> =
                devices.iter().cycle().skip(round * turn).take(devices.len()).collect();
            ledger.enqueue(&batch(turned)).await.unwrap();
        }
    };
    let held = std::sync::Mutex::new(Vec::new());
    let work = async |n: usize| {
        for round in n..ROUNDS + n {
            for job in ledger.jobs(&JobFilter::default(), 100).await.unwrap() {
                let Claim::Claimed(claimed) = ledger.claim(job.id, &worker, HOLD).await.unwrap() else {
                    continue;
                };
                held.lock().unwrap().push(claimed.lease.clone());
                let step = step(&job.serial, 3);
                // Cancelled or rescued in between is fine; waiting in a circle is not.
                for ended in [
                    ledger.record(&claimed.lease, &step).await,
                    match round % 3 {
                        0 => ledger.end(&claimed.lease, &End::Completed, &step).await,
                        1 => ledger.end(&claimed.lease, &End::Released, &step).await,
                        _ => Ok(()),
                    },
                ] {
                    assert!(matches!(ended, Ok(()) | Err(LedgerError::LeaseLost { .. })), "{ended:?}");
                }
            }
        }
    };
    let keep = async {
        for round in 0..ROUNDS * 4 {
            let ttl = if round % 4 == 3 { Duration::ZERO } else { HOLD };
            let held = held.lock().unwrap().clone();
            ledger.beat(&card(&worker), &held, ttl).await.unwrap();
            ledger.rescue(Duration::ZERO, u32::MAX).await.unwrap();
            ledger.promote_due(100).await.unwrap();
        }
    };
    let relay = async {
        for _ in 0..ROUNDS * 4 {
            let taken = ledger.take_outbox(50, HOLD).await.unwrap();
            let (confirmed, unknown): (Vec<i64>, Vec<i64>) =
                taken.rows.iter().map(|row| row.id).partition(|id| id % 5 > 0);
            let settlement = Settlement { confirmed, unknown, ..Settlement::default() };
            ledger.settle_outbox(taken.by, &settlement).await.unwrap();
            let letters: Vec<NewDeadLetter> = taken.rows.iter().map(died).collect();
            ledger.keep_dead(&letters).await.unwrap();
            for letter in ledger.dead_letters(None, 20).await.unwrap() {
                ledger.end_dead(letter.id, DeadEnd::Dropped, &somebody()).await.unwrap();
            }
        }
    };
    let cancel = async {
        for _ in 0..ROUNDS * 2 {
            for job in ledger.jobs(&JobFilter::default(), 20).await.unwrap() {
                ledger.cancel(job.id, &somebody()).await.unwrap();
            }
        }
    };
    let look = async {
        for _ in 0..ROUNDS {
            discover_pairs(&ledger, &devices).await;
        }
    };
    let (queue, of_worker) = (PauseScope::Queue(JobType::DownloadOnly), PauseScope::Worker(worker.clone()));
    let hold = async {
        for serial in devices.iter().take(ROUNDS) {
            ledger.login_refused(serial, 3).await.unwrap();
            ledger.pause(&somebody()).await.unwrap();
            for scope in [&queue, &of_worker] {
                match ledger.pause_part(scope, &somebody()).await {
                    Ok(_) | Err(LedgerError::UnknownWorker { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            ledger.set_address(serial, Some("192.0.2.9"), &somebody()).await.unwrap();
            ledger.resume(&somebody()).await.unwrap();
            for scope in [&queue, &of_worker] {
                ledger.resume_part(scope, &somebody()).await.unwrap();
            }
            ledger.remove_device(serial, &somebody()).await.unwrap();
        }
    };
    tokio::join!(enqueue(7), enqueue(11), work(0), work(1), keep, relay, cancel, look, hold);

    assert_that_chains_fit(&ledger).await;
    // Devices that were removed last are counted nowhere; every one had jobs.
    let jobs = ledger.jobs(&JobFilter::default(), u32::MAX).await.unwrap();
    let with_jobs: BTreeSet<&Serial> = jobs.iter().map(|job| &job.serial).collect();
    assert_eq!(with_jobs.len(), devices.len());
}
