-- renew_leases: the leases that one worker holds. One missing from the answer is lost; a time of request asks it to
-- stop. $1 jobs, $2 tokens, $3 lease in seconds.
WITH held AS MATERIALIZED (
    SELECT j.id
    FROM unnest($1::bigint[], $2::bigint[]) AS l (job, token)
    JOIN jobs j ON j.id = l.job AND j.lease_token = l.token
    WHERE j.state = 'running'
    ORDER BY j.id
    FOR NO KEY UPDATE OF j
)
UPDATE jobs j SET lease_expires_at = now() + make_interval(secs => $3)
FROM held h WHERE j.id = h.id
RETURNING j.id, j.lease_token, j.cancel_requested_at, j.cancel_operator, j.cancel_host, j.cancel_reason
