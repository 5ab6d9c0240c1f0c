//! What the store promises to every closure, tried on a real file.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use tempfile::TempDir;
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
async fn hold(store: &Store) -> (std::sync::mpsc::Sender<()>, JoinHandle<()>) {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let (entered, inside) = oneshot::channel();
    let store = store.clone();
    let held = tokio::spawn(async move {
        let wait = move |_: &Transaction<'_>| {
            let _ = entered.send(());
            let _ = gate.recv();
            Ok(())
        };
        store.write("hold", wait).await.unwrap();
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
    held.await.unwrap();

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
    held.await.unwrap();
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
