-- wake_held_up: jobs that were refused a claim by a hold, or the pause of their queue, that has ended. $1 limit.
WITH held AS MATERIALIZED (
    SELECT id FROM jobs
    WHERE held_up AND NOT EXISTS (SELECT FROM fleet WHERE hold_cause IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pauses p WHERE p.scope = 'queue' AND p.name = jobs.job_type)
    ORDER BY id
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE jobs j SET held_up = false, dispatch_no = j.dispatch_no + 1, dispatched_at = NULL
FROM held h WHERE j.id = h.id
RETURNING j.id, j.serial, j.job_type, j.batch_id, j.attempt, j.dispatch_no
