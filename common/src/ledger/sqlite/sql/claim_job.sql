-- claim_job: makes the job of a delivery ours. No row: leased, ended, not due or unknown.
-- Its event `started` takes the next number. ?1 job, ?2 worker, ?3 lease in milliseconds.
UPDATE jobs
SET state = 'running', attempt = attempt + 1,
    started_at = coalesce(started_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    lease_owner = ?2, lease_token = lease_token + 1,
    lease_expires_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3, event_seq = event_seq + 1
WHERE id = ?1 AND state = 'available'
RETURNING id, serial, job_type, goal, batch_id, attempt, max_attempts, n_snoozes, lease_token, event_seq, status
