-- wake_unclaimed: another wake-up for jobs whose last one was sent long ago; not for those that were refused a claim,
-- for those whose wake-ups died too often, for a paused queue's, and for nobody while the fleet is held. The plus keeps
-- their order from being had by reading all jobs there ever were. ?1 how long in milliseconds, ?2 limit, ?3 wake-ups
-- that may die.
UPDATE jobs
SET dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (
    SELECT j.id FROM jobs j
    WHERE j.state = 'available' AND j.dispatched_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
      AND NOT j.held_up AND j.waits_for IS NULL AND j.n_buried < ?3
      AND NOT EXISTS (SELECT 1 FROM fleet WHERE hold_cause IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = 'queue' AND p.name = j.job_type)
    ORDER BY +j.id
    LIMIT ?2)
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
