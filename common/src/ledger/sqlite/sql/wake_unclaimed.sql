-- wake_unclaimed: another wake-up for jobs whose last one was sent long ago. ?1 how long in milliseconds, ?2 limit.
UPDATE jobs
SET dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (
    SELECT id FROM jobs
    WHERE state = 'available' AND dispatched_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
    ORDER BY id
    LIMIT ?2)
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
