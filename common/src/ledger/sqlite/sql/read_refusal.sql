-- read_refusal: why a job could not be claimed; the pause of its queue before that of the worker. ?1 job, ?2 worker.
SELECT j.state, f.hold_cause, f.hold_reason, f.held_since, f.held_by,
       coalesce(q.scope, w.scope) AS scope, coalesce(q.name, w.name) AS name, coalesce(q.reason, w.reason) AS reason,
       coalesce(q.since, w.since) AS since, coalesce(q.paused_by, w.paused_by) AS paused_by,
       (SELECT min(o.obstacle) FROM obstacles o WHERE o.job = ?1) AS obstacle
FROM jobs j CROSS JOIN fleet f
LEFT JOIN pauses q ON q.scope = 'queue' AND q.name = j.job_type
LEFT JOIN pauses w ON w.scope = 'worker' AND w.name = ?2
WHERE j.id = ?1
