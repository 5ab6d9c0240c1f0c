-- read_next_due: seconds until the next scheduled job is due; no row when nothing is scheduled.
SELECT greatest(extract(epoch FROM due_at - now()), 0)::float8 AS next_s
FROM jobs
WHERE state = 'scheduled'
ORDER BY due_at
LIMIT 1
