//! What runs every few seconds reads no more of a large table than it needs.

use super::*;

/// A fleet that is at work: most jobs have ended, some wait, some run, some were refused.
const FLEET: &str = "
    INSERT INTO devices (serial, hostname, model, sw_version, multi_vsys, connected, source)
    SELECT lpad(n::text, 12, '0'), 'fw', 'PA-440', '10.2.4', false, true, 'panorama'
    FROM generate_series(1, 100000) AS n;
    INSERT INTO jobs (serial, job_type, goal, batch_id, operator, operator_host, max_attempts, state, dispatched_at,
                      lease_owner, lease_expires_at, ended_at, held_up, due_at)
    SELECT lpad(n::text, 12, '0'), 'download_only', '{}', gen_random_uuid(), 'ann', 'shell', 3, s.state,
           CASE WHEN n % 40 <> 2 THEN now() - interval '10 seconds' END,
           CASE WHEN s.state = 'running' THEN 'w-' || n % 50 END,
           CASE WHEN s.state = 'running' THEN now() + interval '1 minute' END,
           CASE WHEN s.state = 'completed' THEN now() END,
           s.state = 'available' AND n % 40 = 3, now()
    FROM generate_series(1, 100000) AS n,
         LATERAL (SELECT CASE n % 20 WHEN 0 THEN 'running' WHEN 1 THEN 'scheduled' WHEN 2 THEN 'available'
                                     WHEN 3 THEN 'available' ELSE 'completed' END AS state) AS s;
    INSERT INTO outbox (kind, job_id, job_type, message_id, routing_key, body)
    SELECT 'wake_up', id, job_type, id || ':1', '', '' FROM jobs WHERE state = 'available' AND dispatched_at IS NULL;
    INSERT INTO workers (id, host, version, job_types, concurrency, draining, silent_at)
    SELECT 'w-' || n, 'pod', '1', '[]', 50, false, now() + interval '1 minute' FROM generate_series(0, 49) AS n;
    ANALYZE";

/// A statement of `sql/` with values for its parameters, the last one first, so that `$1` leaves `$10` alone.
fn with_values(query: &str, values: &[&str]) -> String {
    let numbered = values.iter().enumerate().rev();
    numbered.fold(query.to_owned(), |text, (n, value)| text.replace(&format!("${}", n + 1), value))
}

#[tokio::test]
async fn what_runs_all_the_time_reads_jobs_by_an_index() {
    let database = Database::create().await.unwrap();
    let ledger = ledger_in(&database).await;
    let (client, connection) = tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(FLEET).await.unwrap();
    assert_eq!(ledger.n_unclaimed(JobType::DownloadOnly, Duration::ZERO).await.unwrap(), 5_000);

    let jobs = "ARRAY[20, 40, 60]::bigint[]";
    let queries = [
        with_values(include_str!("../sql/lock_expired.sql"), &["1000"]),
        with_values(include_str!("../sql/wake_unclaimed.sql"), &["60", "1000", "3"]),
        with_values(include_str!("../sql/wake_unsent.sql"), &["1000"]),
        with_values(include_str!("../sql/wake_held_up.sql"), &["1000"]),
        with_values(include_str!("../sql/wake_buried.sql"), &[jobs, "3"]),
        with_values(include_str!("../sql/promote_due.sql"), &["1000"]),
        with_values(include_str!("../sql/count_unclaimed.sql"), &["'download_only'", "60", "3"]),
        with_values(include_str!("../sql/forget_workers.sql"), &["600000"]),
        with_values(include_str!("../sql/read_workers.sql"), &["600000"]),
        with_values(include_str!("../sql/claim_job.sql"), &["42", "'w-1'", "60"]),
        with_values(include_str!("../sql/read_refusal.sql"), &["42", "'w-1'"]),
        with_values(include_str!("../sql/mark_dispatched.sql"), &[jobs]),
        with_values(
            include_str!("../sql/beat.sql"),
            &[jobs, jobs, "60", "'w-1'", "'pod'", "'1'", "'[]'", "50", "false"],
        ),
    ];
    for query in queries {
        let plan: Vec<String> = client
            .simple_query(&format!("EXPLAIN {query}"))
            .await
            .unwrap()
            .into_iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .collect();
        let plan = plan.join("\n");
        assert!(plan.contains("Index"), "{query}\n{plan}");
        assert!(!plan.contains("Seq Scan on jobs"), "{query}\n{plan}");
    }
    drop(client);
    connection.await.unwrap().unwrap();
}
