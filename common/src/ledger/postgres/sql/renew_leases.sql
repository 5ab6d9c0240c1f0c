-- renew_leases: all leases of one worker. A job missing from the answer is lost; a time of request asks it to stop.
-- $1 worker, $2 lease in seconds.
WITH held AS MATERIALIZED (
    SELECT id FROM jobs WHERE lease_owner = $1 AND state = 'running' ORDER BY id FOR NO KEY UPDATE
)
UPDATE jobs j SET lease_expires_at = now() + make_interval(secs => $2)
FROM held h WHERE j.id = h.id
RETURNING j.id, j.lease_token, j.cancel_requested_at, j.cancel_operator, j.cancel_host, j.cancel_reason
