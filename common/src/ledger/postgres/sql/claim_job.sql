-- claim_job: makes the job of a delivery ours. No row: leased, ended, not due, unknown, the fleet is held, its queue or
-- this worker is paused, or the other member of the pair comes first. Its event `started` takes the next number.
-- The transaction may have waited for the pair since its now(): what began says when it really did.
-- $1 job, $2 worker, $3 lease in seconds.
UPDATE jobs
SET state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, clock_timestamp()),
    lease_owner = $2, lease_token = lease_token + 1, lease_expires_at = now() + make_interval(secs => $3),
    held_up = false, waits_for = NULL, n_buried = 0, event_seq = event_seq + 1
WHERE id = $1 AND state = 'available'
  AND NOT EXISTS (SELECT FROM fleet WHERE hold_cause IS NOT NULL)
  AND NOT EXISTS (SELECT FROM pauses p
                  WHERE p.scope = 'queue' AND p.name = jobs.job_type OR p.scope = 'worker' AND p.name = $2)
  AND NOT EXISTS (SELECT FROM obstacles WHERE job = $1)
RETURNING id, serial, job_type, goal, batch_id, attempt, max_attempts, n_snoozes, lease_token, event_seq, status,
          pair_mode, traceparent
