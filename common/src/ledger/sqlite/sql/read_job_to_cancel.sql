-- read_job_to_cancel: where a job is that somebody wants to stop. ?1 job.
SELECT id, serial, job_type, batch_id, state, attempt, max_attempts, n_snoozes, n_lost_leases, dispatch_no, event_seq,
       progress, failure_kind, cancel_requested_at, cancel_operator, cancel_host, cancel_reason, status,
       lease_owner, lease_token, traceparent
FROM jobs
WHERE id = ?1
