-- beat: a worker lives: the leases that it holds are extended and its row is touched; answers hold and pauses with each
-- lease, and in one row without a lease where none lives on. A lease missing from the answer is lost; a time of request
-- asks it to stop. The end of a worker stays.
-- $1 jobs, $2 tokens, $3 lease in seconds, $4 worker, $5 host, $6 version, $7 job types, as JSON, $8 attempts at once,
-- $9 whether it takes nothing new.
WITH held AS MATERIALIZED (
    SELECT j.id
    FROM unnest($1::bigint[], $2::bigint[]) AS l (job, token)
    JOIN jobs j ON j.id = l.job AND j.lease_token = l.token
    WHERE j.state = 'running'
    ORDER BY j.id
    FOR NO KEY UPDATE OF j
), renewed AS (
    UPDATE jobs j SET lease_expires_at = now() + make_interval(secs => $3)
    FROM held h WHERE j.id = h.id
    RETURNING j.id, j.lease_token, j.cancel_requested_at, j.cancel_operator, j.cancel_host, j.cancel_reason
), touched AS (
    INSERT INTO workers (id, host, version, job_types, concurrency, draining, silent_at)
    VALUES ($4, $5, $6, $7, $8, $9, now() + make_interval(secs => $3))
    ON CONFLICT (id) DO UPDATE
    SET host = $5, version = $6, job_types = $7, concurrency = $8, draining = $9, seen_at = now(),
        silent_at = now() + make_interval(secs => $3)
)
SELECT r.id, r.lease_token, r.cancel_requested_at, r.cancel_operator, r.cancel_host, r.cancel_reason,
       f.hold_cause, f.hold_reason, f.held_since, f.held_by, p.pauses
FROM fleet f
CROSS JOIN (
    SELECT coalesce(json_agg(json_build_object('scope', scope, 'name', name, 'reason', reason, 'since', since,
                                               'by', paused_by::json) ORDER BY scope, name), '[]')::text AS pauses
    FROM pauses
    WHERE scope = 'queue' OR name = $4
) p
LEFT JOIN renewed r ON true
