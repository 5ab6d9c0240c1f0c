-- count_unclaimed: jobs that were dispatched a while ago and wait for nothing but a worker. $1 job type, $2 seconds,
-- $3 wake-ups that may die.
SELECT count(*) AS n
FROM jobs
WHERE state = 'available' AND dispatched_at < now() - make_interval(secs => $2) AND job_type = $1
  AND NOT held_up AND waits_for IS NULL AND n_buried < $3
  AND NOT EXISTS (SELECT FROM fleet WHERE hold_cause IS NOT NULL)
  AND NOT EXISTS (SELECT FROM pauses p WHERE p.scope = 'queue' AND p.name = $1)
