-- wake_unclaimed: jobs that were dispatched long ago and never claimed get another wake-up; not those that were
-- refused a claim or whose wake-ups died too often, nobody while the fleet is held, and none of a paused queue.
-- $1 seconds, $2 limit, $3 wake-ups that may die.
WITH lost AS MATERIALIZED (
    SELECT id FROM jobs
    WHERE state = 'available' AND dispatched_at < now() - make_interval(secs => $1)
      AND NOT held_up AND waits_for IS NULL AND n_buried < $3
      AND NOT EXISTS (SELECT FROM fleet WHERE hold_cause IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pauses p WHERE p.scope = 'queue' AND p.name = jobs.job_type)
    ORDER BY id
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE jobs j SET dispatch_no = j.dispatch_no + 1, dispatched_at = NULL
FROM lost l WHERE j.id = l.id
RETURNING j.id, j.serial, j.job_type, j.batch_id, j.attempt, j.dispatch_no
