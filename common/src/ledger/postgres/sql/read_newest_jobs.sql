-- read_newest_jobs: as read_jobs, of the newest job of each device of the inventory.
-- These are found by the index of their device, which knows their states, so that history costs nothing.
-- $1 states, $2 job types, $3 serial, $4 batch, $5 number to stay below, $6 limit.
SELECT j.id, j.serial, d.hostname, j.job_type, j.goal, j.batch_id, j.retry_of, j.pair_mode, j.operator, j.operator_host,
       j.reason, j.state, j.attempt, j.max_attempts, j.progress, j.message, j.failure_kind, j.ready_for_install, j.lease_owner,
       j.cancel_requested_at, j.cancel_operator, j.cancel_host, j.cancel_reason,
       j.due_at, j.created_at, j.started_at, j.ended_at
FROM devices d
CROSS JOIN LATERAL (SELECT n.id, n.state FROM jobs n WHERE n.serial = d.serial ORDER BY n.id DESC LIMIT 1) newest
JOIN jobs j ON j.id = newest.id
WHERE d.gone_at IS NULL
  AND ($1::text[] IS NULL OR newest.state = ANY ($1))
  AND ($2::text[] IS NULL OR j.job_type = ANY ($2))
  AND ($3::text IS NULL OR d.serial = $3)
  AND ($4::uuid IS NULL OR j.batch_id = $4)
  AND ($5::bigint IS NULL OR newest.id < $5)
ORDER BY j.id DESC
LIMIT $6
