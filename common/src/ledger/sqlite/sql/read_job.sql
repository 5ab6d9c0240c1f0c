-- read_job: one job. ?1 job.
SELECT j.id, j.serial, d.hostname, j.job_type, j.goal, j.batch_id, j.retry_of, j.pair_mode, j.operator, j.operator_host,
       j.reason, j.state, j.attempt, j.max_attempts, j.progress, j.message, j.failure_kind, j.ready_for_install, j.lease_owner,
       j.cancel_requested_at, j.cancel_operator, j.cancel_host, j.cancel_reason,
       j.due_at, j.created_at, j.started_at, j.ended_at
FROM jobs j JOIN devices d ON d.serial = j.serial
WHERE j.id = ?1
