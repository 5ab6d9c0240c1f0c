-- request_cancel: asks the worker of a running job to stop; the first request stays. $1 job, $2 operator, $3 host,
-- $4 reason.
UPDATE jobs
SET cancel_requested_at = now(), cancel_operator = $2, cancel_host = $3, cancel_reason = $4, event_seq = event_seq + 1
WHERE id = $1 AND state = 'running' AND cancel_requested_at IS NULL
RETURNING event_seq
