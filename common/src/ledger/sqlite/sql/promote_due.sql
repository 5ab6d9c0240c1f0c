-- promote_due: scheduled jobs whose time has come are available, with a new wake-up. ?1 limit.
UPDATE jobs
SET state = 'available', dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (
    SELECT id FROM jobs
    WHERE state = 'scheduled' AND due_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
    ORDER BY due_at, id
    LIMIT ?1)
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
