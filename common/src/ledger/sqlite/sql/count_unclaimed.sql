-- count_unclaimed: jobs of a type that wait for nothing but a worker since they were dispatched. ?1 job type, ?2 how long
-- in milliseconds, ?3 wake-ups that may die.
SELECT count(*)
FROM jobs
WHERE state = 'available' AND dispatched_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?2
  AND job_type = ?1 AND NOT held_up AND waits_for IS NULL AND n_buried < ?3
  AND NOT EXISTS (SELECT 1 FROM fleet WHERE hold_cause IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM pauses WHERE scope = 'queue' AND name = ?1)
