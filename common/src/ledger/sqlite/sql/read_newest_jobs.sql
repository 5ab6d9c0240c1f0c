-- read_newest_jobs: as read_jobs, of the newest job of each device of the inventory.
-- These are found by the index of their device, which knows their states, so that history costs nothing; `CROSS JOIN`
-- keeps the planner from reading the jobs themselves first (sqlite.org/optoverview.html, "Manual Control Of Query Plans").
-- ?1 states or NULL for all, ?2 job types or NULL for all, ?3 serial or NULL, ?4 batch or NULL, ?5 the job before the page
-- or NULL, ?6 limit.
SELECT j.id, j.serial, d.hostname, j.job_type, j.goal, j.batch_id, j.retry_of, j.pair_mode, j.operator, j.operator_host,
       j.reason, j.state, j.attempt, j.max_attempts, j.progress, j.message, j.failure_kind, j.ready_for_install, j.lease_owner,
       j.cancel_requested_at, j.cancel_operator, j.cancel_host, j.cancel_reason,
       j.due_at, j.created_at, j.started_at, j.ended_at
FROM devices d
JOIN jobs newest INDEXED BY jobs_of_device
     ON newest.serial = d.serial AND newest.id = (SELECT max(n.id) FROM jobs n WHERE n.serial = d.serial)
CROSS JOIN jobs j ON j.id = newest.id
WHERE d.gone_at IS NULL
  AND (?1 IS NULL OR newest.state IN (SELECT value FROM json_each(?1)))
  AND (?2 IS NULL OR j.job_type IN (SELECT value FROM json_each(?2)))
  AND (?3 IS NULL OR d.serial = ?3)
  AND (?4 IS NULL OR j.batch_id = ?4)
  AND (?5 IS NULL OR newest.id < ?5)
ORDER BY j.id DESC
LIMIT ?6
