-- wake_waiting: jobs of the other member of a pair that waited for these ends. One that follows another waits until
-- that one is over; the others wait for the end of an attempt only. Whoever notes that it waits holds the job still
-- that it waits for (`lock_obstacle`), so it is here or finds nothing to wait for.
-- $1 jobs whose attempt ended, or that were cancelled, $2 whether each is over.
WITH waiting AS MATERIALIZED (
    SELECT w.id
    FROM unnest($1::bigint[], $2::bool[]) AS e (id, is_over)
    JOIN jobs f ON f.id = e.id
    JOIN jobs w ON w.waits_for = e.id
    WHERE e.is_over
       OR NOT (w.pair_mode = 'sync' AND f.pair_mode = 'sync' AND w.batch_id = f.batch_id AND f.id < w.id)
    ORDER BY w.id
    FOR NO KEY UPDATE OF w
)
UPDATE jobs j SET waits_for = NULL, dispatch_no = j.dispatch_no + 1, dispatched_at = NULL
FROM waiting w WHERE j.id = w.id AND j.state = 'available'
RETURNING j.id, j.serial, j.job_type, j.batch_id, j.attempt, j.dispatch_no
