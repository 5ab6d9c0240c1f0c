-- lock_leased: the job of a lease, held still until its attempt has ended. No row: the lease is lost.
-- $1 job, $2 token.
SELECT id, serial, job_type, batch_id, state, attempt, max_attempts, n_snoozes, n_lost_leases, dispatch_no, event_seq,
       progress, failure_kind, lease_owner, lease_token, cancel_requested_at, cancel_operator, cancel_host, cancel_reason, status,
       traceparent
FROM jobs
WHERE id = $1 AND lease_token = $2 AND state = 'running'
FOR NO KEY UPDATE
