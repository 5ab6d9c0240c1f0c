-- promote_due: scheduled jobs whose time has come are available, with a new wake-up. One that somebody else has in
-- hand, for example to cancel it, is left for the next time. $1 limit.
WITH due AS MATERIALIZED (
    SELECT id FROM jobs
    WHERE state = 'scheduled' AND due_at <= now()
    ORDER BY due_at, id
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE jobs j SET state = 'available', dispatch_no = j.dispatch_no + 1, dispatched_at = NULL
FROM due d WHERE j.id = d.id
RETURNING j.id, j.serial, j.job_type, j.batch_id, j.attempt, j.dispatch_no
