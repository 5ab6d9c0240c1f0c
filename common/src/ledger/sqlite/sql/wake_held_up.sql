-- wake_held_up: jobs that were refused a claim by a hold that has ended. ?1 limit.
UPDATE jobs
SET held_up = 0, dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (
    SELECT id FROM jobs
    WHERE held_up AND NOT EXISTS (SELECT 1 FROM fleet WHERE hold_cause IS NOT NULL)
    ORDER BY id
    LIMIT ?1)
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
