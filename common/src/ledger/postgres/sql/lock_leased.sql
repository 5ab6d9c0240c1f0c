-- lock_leased: the jobs of leases, held still until their attempts have ended. A job without a row: its lease is lost.
-- $1 jobs, $2 tokens.
SELECT j.id, j.serial, j.job_type, j.batch_id, j.state, j.attempt, j.max_attempts, j.n_snoozes, j.n_lost_leases,
       j.dispatch_no, j.event_seq, j.progress, j.failure_kind, j.lease_owner, j.lease_token, j.cancel_requested_at,
       j.cancel_operator, j.cancel_host, j.cancel_reason, j.status, j.traceparent
FROM jobs j JOIN unnest($1::bigint[], $2::bigint[]) AS l (job, token) ON l.job = j.id
WHERE j.lease_token = l.token AND j.state = 'running'
ORDER BY j.id
FOR NO KEY UPDATE OF j
