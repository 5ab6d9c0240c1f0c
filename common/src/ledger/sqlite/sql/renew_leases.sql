-- renew_leases: the leases that one worker holds. One missing from the answer is lost; the wish to stop comes back
-- with it. ?1 list of job, token; ?2 lease in milliseconds.
UPDATE jobs
SET lease_expires_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?2
FROM json_each(?1) e
WHERE jobs.id = e.value ->> 'job' AND jobs.lease_token = e.value ->> 'token' AND jobs.state = 'running'
RETURNING id, lease_token, cancel_requested_at, cancel_operator, cancel_host, cancel_reason
