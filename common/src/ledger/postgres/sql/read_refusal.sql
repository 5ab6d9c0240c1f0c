-- read_refusal: why a job could not be claimed; of two pauses that of its queue. $1 job, $2 worker.
SELECT j.state, f.hold_cause, f.hold_reason, f.held_since, f.held_by, p.scope, p.name, p.reason, p.since, p.paused_by,
       (SELECT min(o.obstacle) FROM obstacles o WHERE o.job = $1) AS obstacle
FROM jobs j CROSS JOIN fleet f
LEFT JOIN LATERAL (
    SELECT * FROM pauses
    WHERE scope = 'queue' AND name = j.job_type OR scope = 'worker' AND name = $2
    ORDER BY scope
    LIMIT 1
) p ON true
WHERE j.id = $1
