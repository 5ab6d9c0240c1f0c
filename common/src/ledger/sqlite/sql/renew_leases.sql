-- renew_leases: all leases of one worker. A job missing from the answer is lost; the wish to stop comes back with it.
-- ?1 worker, ?2 lease in milliseconds.
UPDATE jobs
SET lease_expires_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?2
WHERE lease_owner = ?1 AND state = 'running'
RETURNING id, lease_token, cancel_requested_at, cancel_operator, cancel_host, cancel_reason
