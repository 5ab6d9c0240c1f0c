-- insert_attempt: one line per claim, kept for good. $1 job, $2 token, $3 attempt, $4 worker.
INSERT INTO attempts (job_id, lease_token, attempt, worker, started_at) VALUES ($1, $2, $3, $4, clock_timestamp())
