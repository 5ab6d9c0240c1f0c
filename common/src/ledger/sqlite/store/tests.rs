//! What the store promises to every closure, tried on a real file.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use tempfile::TempDir;
use testkit::wait::wait_until;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use super::*;

fn store() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("new/ledger.sqlite")).unwrap();
    (directory, store)
}

async fn create_numbers(store: &Store) {
    store
        .write("create", |transaction| {
            Ok(transaction.execute_batch("CREATE TABLE numbers (number INTEGER NOT NULL UNIQUE) STRICT")?)
        })
        .await
        .unwrap();
}

async fn insert(store: &Store, number: i64) -> Result<(), LedgerError> {
    store
        .write("insert", move |transaction| {
            transaction.execute("INSERT INTO numbers VALUES (?1)", [number])?;
            Ok(())
        })
        .await
}

async fn numbers(store: &Store) -> Vec<i64> {
    store
        .read("numbers", |transaction| {
            let mut statement = transaction.prepare("SELECT number FROM numbers ORDER BY number")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn directory_and_file_belong_to_their_owner_alone() {
    let (directory, store) = store();
    create_numbers(&store).await;
    let mode =
        |name: &str| std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("new"), 0o700);
    for file in ["new/ledger.sqlite", "new/ledger.sqlite-wal", "new/ledger.sqlite-shm"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

#[tokio::test]
async fn every_commit_reaches_the_disk_and_foreign_keys_are_kept() {
    let (_directory, store) = store();
    let settings = store
        .write("settings", |transaction| {
            let text = |name: &str| {
                transaction.pragma_query_value(None, name, |row| {
                    row.get::<_, rusqlite::types::Value>(0).map(|value| format!("{value:?}"))
                })
            };
            Ok([text("journal_mode")?, text("synchronous")?, text("foreign_keys")?, text("trusted_schema")?])
        })
        .await
        .unwrap();
    assert_eq!(settings, ["Text(\"wal\")", "Integer(2)", "Integer(1)", "Integer(0)"]);
}

#[tokio::test]
async fn a_read_sees_every_write_that_was_answered() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    for number in 0..50 {
        insert(&store, number).await.unwrap();
        assert_eq!(numbers(&store).await.last(), Some(&number));
    }
}

#[tokio::test]
async fn a_read_cannot_write() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let answer = store
        .read("sneak", |transaction| Ok(transaction.execute("INSERT INTO numbers VALUES (1)", [])?))
        .await;
    assert!(answer.is_err());
    assert!(numbers(&store).await.is_empty());
}

/// Keeps the thread busy with a write until something is sent, or the sender is dropped.
async fn hold(store: &Store) -> (std::sync::mpsc::Sender<()>, JoinHandle<Result<(), LedgerError>>) {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let (entered, inside) = oneshot::channel();
    let store = store.clone();
    let held = tokio::spawn(async move {
        let wait = move |_: &Transaction<'_>| {
            let _ = entered.send(());
            let _ = gate.recv();
            Ok(())
        };
        store.write("hold", wait).await
    });
    inside.await.unwrap();
    (open, held)
}

/// The first write holds the thread until all others wait behind it, so that they share its commit.
#[tokio::test]
async fn writes_that_wait_together_share_a_commit_and_fail_alone() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let before = *store.committed().borrow();

    let (open, held) = hold(&store).await;
    let mut answers = Vec::new();
    let all_wait = Arc::new(Barrier::new(21));
    for number in 0..20_i64 {
        let (store, all_wait) = (store.clone(), all_wait.clone());
        answers.push(tokio::spawn(async move {
            // Odd ones collide with their predecessor after a write of their own.
            let write = store.write("pair", move |transaction| {
                transaction.execute("INSERT INTO numbers VALUES (?1)", [1_000 + number])?;
                transaction.execute("INSERT INTO numbers VALUES (?1)", [number / 2])?;
                Ok(())
            });
            tokio::pin!(write);
            // One poll puts it in line.
            assert!(futures_util::poll!(&mut write).is_pending());
            all_wait.wait().await;
            write.await
        }));
    }
    all_wait.wait().await;
    open.send(()).unwrap();
    held.await.unwrap().unwrap();

    let mut n_kept = 0;
    for answer in answers {
        match answer.await.unwrap() {
            Ok(()) => n_kept += 1,
            Err(error) => assert!(error.to_string().contains("UNIQUE constraint failed"), "{error}"),
        }
    }
    assert_eq!(n_kept, 10);
    assert_eq!(numbers(&store).await.len(), 20, "a failed write must leave nothing, a kept one both rows");
    let n_commits = *store.committed().borrow() - before;
    assert!(n_commits < 21, "{n_commits} commits for 21 writes");
}

#[tokio::test]
async fn a_panic_is_the_error_of_its_own_write() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let answer = store
        .write("careless", |transaction| -> Result<(), StoreError> {
            transaction.execute("INSERT INTO numbers VALUES (1)", [])?;
            panic!("a mistake in a closure, made on purpose");
        })
        .await;
    assert!(matches!(answer, Err(LedgerError::Store { statement: "careless", .. })), "{answer:?}");
    insert(&store, 2).await.unwrap();
    assert_eq!(numbers(&store).await, [2]);
}

#[tokio::test]
async fn a_write_whose_caller_left_before_it_began_is_not_done() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let (open, held) = hold(&store).await;
    {
        let write = insert(&store, 1);
        tokio::pin!(write);
        assert!(futures_util::poll!(&mut write).is_pending());
    }
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    insert(&store, 2).await.unwrap();
    assert_eq!(numbers(&store).await, [2]);
}

#[tokio::test]
async fn only_a_commit_that_changed_something_is_signalled() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let mut committed = store.committed();
    insert(&store, 1).await.unwrap();
    assert!(committed.has_changed().unwrap(), "the signal comes before the answer");
    committed.mark_unchanged();
    let nothing =
        |transaction: &Transaction<'_>| Ok(transaction.execute("DELETE FROM numbers WHERE number = 7", [])?);
    assert_eq!(store.write("nothing", nothing).await.unwrap(), 0);
    insert(&store, 1).await.unwrap_err();
    assert!(!committed.has_changed().unwrap());
}

#[tokio::test]
async fn a_commit_of_another_process_shows_in_the_data_version() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let other = Store::open(store.path()).unwrap();
    let before = store.data_version().await.unwrap();
    assert_eq!(store.data_version().await.unwrap(), before);
    let mut committed = store.committed();
    committed.mark_unchanged();
    insert(&other, 1).await.unwrap();
    assert_ne!(store.data_version().await.unwrap(), before);
    assert!(!committed.has_changed().unwrap(), "the signal is for commits of this store alone");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_apart_from_one_that_cannot_be_reached() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("text");
    std::fs::write(&path, "no database, but long enough to look like one".repeat(100)).unwrap();
    assert!(matches!(Store::open(&path), Err(LedgerError::Store { .. })));
    let below_a_file = path.join("ledger.sqlite");
    assert!(matches!(Store::open(&below_a_file), Err(LedgerError::NotReachable { .. })));
}

/// Locks the file as another process does.
fn lock(store: &Store) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

/// All of them together wait for one busy timeout, not each for one of its own.
#[tokio::test]
async fn writes_behind_a_lock_are_told_together_and_the_next_ones_succeed() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let other = lock(&store);
    let asked = std::time::Instant::now();
    let answers = futures_util::future::join_all((0..30).map(|number| insert(&store, number))).await;
    let took = asked.elapsed();
    for answer in answers {
        assert!(matches!(&answer, Err(LedgerError::NotReachable { .. })), "{answer:?}");
        assert!(answer.unwrap_err().to_string().contains("another process has kept it locked"));
    }
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(numbers(&store).await.is_empty(), "a read goes on, and sees that nothing was written");
    other.execute_batch("ROLLBACK").unwrap();
    insert(&store, 1).await.unwrap();
    assert_eq!(numbers(&store).await, [1]);
}

/// Lets the file grow by so many pages, or without a limit.
async fn allow(store: &Store, n_pages: Option<i64>) {
    store
        .write("allow", move |transaction| {
            let now: i64 = transaction.pragma_query_value(None, "page_count", |row| row.get(0))?;
            let most = n_pages.map_or(i64::from(u32::MAX) - 1, |n_pages| now + n_pages);
            Ok(transaction.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
        })
        .await
        .unwrap();
}

/// A row that needs some pages, and one that needs none.
async fn insert_large(store: &Store, number: i64) -> Result<(), LedgerError> {
    store
        .write("insert_large", move |transaction| {
            transaction.execute("INSERT INTO numbers VALUES (?1)", [number])?;
            transaction.execute("INSERT INTO large VALUES (zeroblob(100000))", [])?;
            Ok(())
        })
        .await
}

async fn create_large(store: &Store) {
    create_numbers(store).await;
    store
        .write("create", |transaction| Ok(transaction.execute_batch("CREATE TABLE large (body BLOB)")?))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_nothing_is_half_written_and_room_helps_at_once() {
    let (_directory, store) = store();
    create_large(&store).await;
    allow(&store, Some(30)).await;
    insert_large(&store, 1).await.unwrap();
    for _ in 0..3 {
        let answer = insert_large(&store, 2).await;
        assert!(matches!(&answer, Err(LedgerError::Full { .. })), "{answer:?}");
        assert!(answer.unwrap_err().to_string().contains("make room where"));
    }
    assert_eq!(numbers(&store).await, [1], "the small row went with the large one");
    insert(&store, 3).await.unwrap();
    allow(&store, None).await;
    insert_large(&store, 2).await.unwrap();
    assert_eq!(numbers(&store).await, [1, 2, 3]);
}

/// SQLite takes back a whole transaction that met a full disk (sqlite.org/lang_transaction.html), so those that shared
/// it are told as well, and may ask again.
#[tokio::test]
async fn a_write_that_does_not_fit_takes_those_of_its_commit_with_it_and_all_are_told() {
    let (_directory, store) = store();
    create_large(&store).await;
    allow(&store, Some(10)).await;
    let (open, held) = hold(&store).await;
    let (small, large, other) = (insert(&store, 1), insert_large(&store, 2), insert(&store, 3));
    tokio::pin!(small, large, other);
    assert!(futures_util::poll!(&mut small).is_pending());
    assert!(futures_util::poll!(&mut large).is_pending());
    assert!(futures_util::poll!(&mut other).is_pending());
    open.send(()).unwrap();
    assert!(held.await.unwrap().is_err());
    let answer = small.await;
    assert!(matches!(&answer, Err(LedgerError::NotReachable { .. })), "{answer:?}");
    assert!(matches!(large.await, Err(LedgerError::Full { .. })));
    other.await.unwrap();
    assert_eq!(numbers(&store).await, [3], "what came after it began another commit");
    insert(&store, 1).await.unwrap();
    assert_eq!(numbers(&store).await, [1, 3]);
}

#[tokio::test]
async fn a_file_that_is_taken_away_is_noticed_by_reads_and_writes_until_it_is_back() {
    let (directory, store) = store();
    create_numbers(&store).await;
    insert(&store, 1).await.unwrap();
    let elsewhere = directory.path().join("elsewhere");
    for put_another in [false, true] {
        std::fs::rename(store.path(), &elsewhere).unwrap();
        if put_another {
            std::fs::write(store.path(), "").unwrap();
        }
        let write = insert(&store, 2).await;
        assert!(matches!(&write, Err(LedgerError::NotReachable { .. })), "{write:?}");
        let read = store.data_version().await.unwrap_err().to_string();
        assert!(read.contains(&format!("put {} back, or restart", store.path().display())), "{read}");
        std::fs::rename(&elsewhere, store.path()).unwrap();
        assert_eq!(numbers(&store).await, [1]);
    }
    insert(&store, 2).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_deleted_during_a_write_takes_the_answer_with_it() {
    let (_directory, store) = store();
    create_numbers(&store).await;
    let path = store.path().to_owned();
    let answer = store
        .write("insert", move |transaction| {
            transaction.execute("INSERT INTO numbers VALUES (1)", [])?;
            std::fs::remove_file(path).unwrap();
            Ok(())
        })
        .await;
    assert!(matches!(&answer, Err(LedgerError::NotReachable { .. })), "{answer:?}");
}

/// What a disk or a person did to the middle of the file.
#[tokio::test]
async fn a_damaged_file_is_told_with_every_call_and_ends_nothing() {
    let (_directory, store) = store();
    create_large(&store).await;
    for number in 0..20 {
        insert_large(&store, number).await.unwrap();
    }
    let path = store.path().to_owned();
    drop(store);
    // The last connection takes the log with it; before that it would write the log over the damage.
    let log = path.with_extension("sqlite-wal");
    wait_until("the file is closed", Duration::from_secs(10), async || {
        if log.exists() { Err("open".to_owned()) } else { Ok(()) }
    })
    .await;
    let length = std::fs::metadata(&path).unwrap().len();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    assert!(length > 100_000, "{length}");

    let store = Store::open(&path).unwrap();
    for _ in 0..3 {
        let write = insert(&store, 100).await;
        assert!(matches!(&write, Err(LedgerError::Store { statement: "insert", .. })), "{write:?}");
        let read = store.read("look", |transaction| {
            Ok(transaction.query_row("SELECT count(*) FROM numbers", [], |row| row.get::<_, i64>(0))?)
        });
        let read = read.await.unwrap_err().to_string();
        assert!(read.contains("restore a backup") && read.contains(&path.display().to_string()), "{read}");
    }
}
