-- lock_expired: running jobs whose lease ran out. One that its worker is writing about at this moment is left for
-- the next time. $1 limit.
SELECT id, serial, job_type, batch_id, state, attempt, max_attempts, n_snoozes, n_lost_leases, dispatch_no, event_seq,
       progress, failure_kind, lease_owner, lease_token, cancel_requested_at, cancel_operator, cancel_host, cancel_reason, status,
       traceparent
FROM jobs
WHERE state = 'running' AND lease_expires_at < now()
ORDER BY id
LIMIT $1
FOR NO KEY UPDATE SKIP LOCKED
