-- lock_job: one job, held still until it is cancelled or asked to stop. $1 job.
SELECT id, serial, job_type, batch_id, state, attempt, max_attempts, n_snoozes, n_lost_leases, dispatch_no, event_seq,
       progress, failure_kind, lease_owner, lease_token, cancel_requested_at, cancel_operator, cancel_host, cancel_reason, status,
       traceparent
FROM jobs
WHERE id = $1
FOR NO KEY UPDATE
