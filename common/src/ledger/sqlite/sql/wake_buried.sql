-- wake_buried: another wake-up for live jobs whose own died, a few times before a claim. ?1 jobs, ?2 how many times.
UPDATE jobs
SET n_buried = n_buried + 1, dispatch_no = dispatch_no + 1, dispatched_at = NULL
WHERE id IN (SELECT value FROM json_each(?1))
  AND state = 'available' AND NOT held_up AND waits_for IS NULL AND n_buried < ?2
RETURNING id, serial, job_type, batch_id, attempt, dispatch_no
