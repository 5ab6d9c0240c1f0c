-- read_workers: those that beat, and those that ended or fell silent a while ago at most, with the leases of each that
-- have not expired and its own pause. $1 seconds.
SELECT w.id, w.host, w.version, w.job_types, w.concurrency, w.draining, w.started_at, w.seen_at,
       w.left_at IS NOT NULL AS has_left, w.silent_at < now() AS is_silent,
       (SELECT count(*) FROM jobs j
        WHERE j.state = 'running' AND j.lease_owner = w.id AND j.lease_expires_at >= now()) AS n_running,
       p.scope, p.name, p.reason, p.since, p.paused_by
FROM workers w LEFT JOIN pauses p ON p.scope = 'worker' AND p.name = w.id
WHERE coalesce(w.left_at, least(w.silent_at, now())) >= now() - make_interval(secs => $1)
ORDER BY w.started_at, w.id COLLATE "C"
