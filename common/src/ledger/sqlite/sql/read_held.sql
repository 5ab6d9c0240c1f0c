-- read_held: the job of a lease. No row: the lease is lost. A step brings a new status document, so the old one
-- is not read. ?1 job, ?2 token.
SELECT id, serial, job_type, batch_id, state, attempt, max_attempts, n_snoozes, n_lost_leases, dispatch_no, event_seq,
       progress, failure_kind, cancel_requested_at, cancel_operator, cancel_host, cancel_reason, NULL AS status,
       lease_owner, lease_token, traceparent
FROM jobs
WHERE id = ?1 AND lease_token = ?2 AND state = 'running'
