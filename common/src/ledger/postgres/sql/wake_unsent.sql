-- wake_unsent: jobs that nobody was woken for, and nobody is going to be: never dispatched, and no wake-up waits in the
-- outbox. Both are written together, so this is a row that got lost. Nobody while the fleet is held, and none of a
-- paused queue. $1 limit.
WITH lost AS MATERIALIZED (
    SELECT id FROM jobs
    WHERE state = 'available' AND dispatched_at IS NULL AND NOT held_up AND waits_for IS NULL
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.job_id = jobs.id AND o.kind = 'wake_up')
      AND NOT EXISTS (SELECT FROM fleet WHERE hold_cause IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pauses p WHERE p.scope = 'queue' AND p.name = jobs.job_type)
    ORDER BY id
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE jobs j SET dispatch_no = j.dispatch_no + 1
FROM lost l WHERE j.id = l.id
RETURNING j.id, j.serial, j.job_type, j.batch_id, j.attempt, j.dispatch_no
