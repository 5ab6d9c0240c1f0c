-- read_attempts: attempts of a job, oldest first. ?1 job.
SELECT attempt, worker, started_at, ended_at, ending, kind, message
FROM attempts
WHERE job_id = ?1
ORDER BY lease_token
