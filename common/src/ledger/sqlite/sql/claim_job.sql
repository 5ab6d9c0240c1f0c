-- claim_job: makes the job of a delivery ours. No row: leased, ended, not due, unknown, the fleet, the job's queue or
-- this worker is held, or the other member of the pair comes first. Its event `started` takes the next number.
-- ?1 job, ?2 worker, ?3 lease in milliseconds.
UPDATE jobs
SET state = 'running', attempt = attempt + 1,
    started_at = coalesce(started_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    lease_owner = ?2, lease_token = lease_token + 1,
    lease_expires_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3,
    held_up = 0, waits_for = NULL, n_buried = 0, event_seq = event_seq + 1
WHERE id = ?1 AND state = 'available'
  AND NOT EXISTS (SELECT 1 FROM fleet WHERE hold_cause IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM pauses q WHERE q.scope = 'queue' AND q.name = jobs.job_type)
  AND NOT EXISTS (SELECT 1 FROM pauses w WHERE w.scope = 'worker' AND w.name = ?2)
  AND NOT EXISTS (SELECT 1 FROM obstacles WHERE job = ?1)
RETURNING id, serial, job_type, goal, batch_id, attempt, max_attempts, n_snoozes, lease_token, event_seq, status,
          pair_mode, traceparent
