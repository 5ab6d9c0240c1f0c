-- wake_buried: jobs whose wake-up died and that wait for nothing else get another one, a few times before a claim. One
-- that somebody has in hand is left to the rescue. $1 jobs, $2 wake-ups that may die.
WITH buried AS MATERIALIZED (
    SELECT id FROM jobs
    WHERE id = ANY ($1::bigint[]) AND state = 'available' AND NOT held_up AND waits_for IS NULL AND n_buried < $2
    ORDER BY id
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE jobs j SET n_buried = j.n_buried + 1, dispatch_no = j.dispatch_no + 1, dispatched_at = NULL
FROM buried b WHERE j.id = b.id
RETURNING j.id, j.serial, j.job_type, j.batch_id, j.attempt, j.dispatch_no
