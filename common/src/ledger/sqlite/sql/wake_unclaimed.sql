-- wake_unclaimed: another wake-up for jobs whose last one was sent long ago; not for those that were refused a claim,
-- and for nobody while the fleet is held. The plus keeps their order from being had by reading all jobs there ever
-- were. ?1 how long in milliseconds, ?2 limit.
UPDATE jobs
SET dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (
    SELECT id FROM jobs
    WHERE state = 'available' AND dispatched_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
      AND NOT held_up AND waits_for IS NULL
      AND NOT EXISTS (SELECT 1 FROM fleet WHERE hold_cause IS NOT NULL)
    ORDER BY +id
    LIMIT ?2)
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
