-- wake_unsent: a wake-up for jobs that were never dispatched and have none in the outbox: it was lost. Not for those
-- that were refused a claim, for a paused queue's, and for nobody while the fleet is held. The plus keeps their order
-- from being had by reading all jobs there ever were. ?1 limit.
UPDATE jobs
SET dispatch_no = dispatch_no + 1
WHERE id IN (
    SELECT j.id FROM jobs j
    WHERE j.state = 'available' AND j.dispatched_at IS NULL
      AND NOT j.held_up AND j.waits_for IS NULL
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.job_id = j.id AND o.kind = 'wake_up')
      AND NOT EXISTS (SELECT 1 FROM fleet WHERE hold_cause IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = 'queue' AND p.name = j.job_type)
    ORDER BY +j.id
    LIMIT ?1)
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
