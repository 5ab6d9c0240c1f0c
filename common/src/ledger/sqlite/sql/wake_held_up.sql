-- wake_held_up: jobs that were refused a claim by a hold, or by a pause of their queue, that has ended. ?1 limit.
UPDATE jobs
SET held_up = 0, dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (
    SELECT j.id FROM jobs j
    WHERE j.held_up AND NOT EXISTS (SELECT 1 FROM fleet WHERE hold_cause IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = 'queue' AND p.name = j.job_type)
    ORDER BY j.id
    LIMIT ?1)
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
