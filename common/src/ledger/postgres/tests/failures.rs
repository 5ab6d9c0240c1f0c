//! What a failure of the server means to a caller: wait, make room, or look at the program. A worker that takes one for
//! the other gives up a job that is healthy, or waits for ever for one that is not.

use super::*;
use crate::ledger::postgres::statement::int4;
use testkit::postgres::Postgres;

/// SQLSTATEs of the PostgreSQL manual, appendix A.
#[tokio::test]
async fn each_sqlstate_tells_waiting_from_making_room_and_from_a_mistake() {
    const WAIT: [&str; 20] = [
        "08000", "08003", "08006", "08001", "08004", "53000", "53200", "53300", "53400", "57014", "57P01",
        "57P02", "57P03", "57P04", "25P03", "25006", "55P03", "40001", "40P01", "08P01",
    ];
    const MISTAKE: [&str; 7] = ["23505", "23514", "22001", "22P02", "42P01", "42501", "P0001"];
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let define = Statement {
        name: "define",
        text: "CREATE FUNCTION fail(code text) RETURNS void LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = code; END $$",
    };
    ledger.pool.rows(&define, []).await.unwrap();
    let fail = Statement { name: "fail", text: "SELECT fail($1)" };
    for code in WAIT {
        let error = ledger.pool.rows(&fail, [text(code)]).await.unwrap_err();
        let told = matches!(&error, LedgerError::NotReachable { reason, .. } if reason.contains(code));
        assert!(told, "{code}: {error:?}");
    }
    for code in MISTAKE {
        let error = ledger.pool.rows(&fail, [text(code)]).await.unwrap_err();
        let told =
            matches!(&error, LedgerError::Store { statement: "fail", reason } if reason.contains(code));
        assert!(told, "{code}: {error:?}");
    }
    let error = ledger.pool.rows(&fail, [text("53100")]).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Full { reason, .. } if reason.contains("53100")), "{error:?}");
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_not_reachable() {
    let server = Postgres::start_with(&[("max_connections", "5"), ("superuser_reserved_connections", "0")]);
    let server = server.await.unwrap();
    let database = Database::create_on(&server).await.unwrap();
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 20, LIMIT).await.unwrap();
    let mut taken = Vec::new();
    let error = loop {
        assert!(taken.len() < 20, "the server has no limit");
        match ledger.pool.connection().await {
            Ok(connection) => taken.push(connection),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&error, LedgerError::NotReachable { reason, .. } if reason.contains("53300")),
        "{error:?}"
    );
    taken.pop();
    ledger.check().await.unwrap_err(); // an empty database, but an answer
    assert!(matches!(ledger.check().await, Err(LedgerError::Schema { found: 0, .. })));
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_not_reachable_for_now() {
    let database = Database::create().await.unwrap();
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 1, LIMIT).await.unwrap();
    let only = ledger.pool.connection().await.unwrap();
    tokio::time::pause(); // the wait of half a minute is over when nothing else goes on
    let error = ledger.check().await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::NotReachable { reason, .. } if reason.contains("ledger.pool_size")),
        "{error:?}"
    );
    tokio::time::resume();
    drop(only);
    assert!(matches!(ledger.check().await, Err(LedgerError::Schema { .. })));
}

#[tokio::test]
async fn a_table_that_somebody_locked_is_waited_for_and_given_up_in_time() {
    let database = Database::create().await.unwrap();
    ledger_in(&database).await;
    let limit = Duration::from_millis(200);
    let ledger = PostgresLedger::connect(&Secret::new(database.url()), 2, limit).await.unwrap();
    let devices = serials(1);
    discover(&ledger, &devices).await;
    let job = created(&ledger.enqueue(&batch(&devices)).await.unwrap())[0];
    let worker = WorkerId::unique("w", 1);

    let lock = database.lock_table("jobs").await.unwrap();
    let beat = ledger.beat(&card(&worker), &[], HOLD).await.map(drop);
    let claim = ledger.claim(job, &worker, HOLD).await.map(drop);
    let rescue = ledger.rescue(HOLD, u32::MAX).await.map(drop);
    for answer in [beat, claim, rescue] {
        let waited =
            matches!(&answer, Err(LedgerError::NotReachable { reason, .. }) if reason.contains("57014"));
        assert!(waited, "{answer:?}");
    }
    lock.release().await.unwrap();
    assert!(matches!(ledger.claim(job, &worker, HOLD).await.unwrap(), Claim::Claimed(_)));
}

/// A text of PostgreSQL holds no NUL, and whoever sends a broken message sends what he likes.
#[tokio::test]
async fn a_dead_letter_with_nul_characters_is_kept() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let letter = NewDeadLetter {
        message_id: "a\0b".to_owned(),
        routing_key: "\0".to_owned(),
        body: vec![0, 1],
        size_bytes: 2,
        reason: "unreadable: \0".to_owned(),
        died_at: Timestamp::UNIX_EPOCH,
    };
    assert_eq!(ledger.keep_dead(std::slice::from_ref(&letter)).await.unwrap().kept, 1);
    assert_eq!(ledger.keep_dead(&[letter]).await.unwrap().kept, 0);
    let kept = ledger.dead_letters(None, 1).await.unwrap().remove(0);
    assert_eq!((kept.message_id.as_str(), kept.body), ("a\u{fffd}b", vec![0, 1]));
}

/// A list of long letters comes in pages that fit into memory.
#[tokio::test]
async fn a_page_of_long_letters_is_short() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let insert = Statement {
        name: "insert",
        text: "INSERT INTO dead_letters (message_id, routing_key, body, size_bytes, sha256, reason, died_at)
               SELECT n::text, '', convert_to(repeat('x', 16 * 1024 * 1024), 'UTF8'), 1, sha256(''), '', now()
               FROM generate_series(1, $1) AS n",
    };
    ledger.pool.rows(&insert, [int4(6)]).await.unwrap();
    let page = ledger.dead_letters(None, 100).await.unwrap();
    assert_eq!(page.len(), 4);
    let rest = ledger.dead_letters(page.last().map(|letter| letter.id), 100).await.unwrap();
    assert_eq!(rest.len(), 2);
    assert!(ledger.dead_letters(rest.last().map(|letter| letter.id), 100).await.unwrap().is_empty());
}
