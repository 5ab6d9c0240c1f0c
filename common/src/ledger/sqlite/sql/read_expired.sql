-- read_expired: running jobs whose lease ran out. The plus keeps their order from being had by reading all jobs there
-- ever were. ?1 limit.
SELECT id, serial, job_type, batch_id, state, attempt, max_attempts, n_snoozes, n_lost_leases, dispatch_no, event_seq,
       progress, failure_kind, cancel_requested_at, cancel_operator, cancel_host, cancel_reason, status,
       lease_owner, lease_token, traceparent
FROM jobs
WHERE state = 'running' AND lease_expires_at < CAST(unixepoch('subsec') * 1000 AS INTEGER)
ORDER BY +id
LIMIT ?1
