-- wake_waiting: jobs of the other member of a pair that waited for these ends. One that follows another waits until
-- that one is over; the others wait for the end of an attempt only.
-- ?1 list of id, is_over.
UPDATE jobs
SET waits_for = NULL, dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (
    SELECT w.id
    FROM json_each(?1) e
    JOIN jobs f ON f.id = e.value ->> 'id'
    JOIN jobs w ON w.waits_for = f.id
    WHERE w.state = 'available'
      AND (e.value ->> 'is_over'
           OR NOT (w.pair_mode = 'sync' AND f.pair_mode = 'sync' AND w.batch_id = f.batch_id AND f.id < w.id)))
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
