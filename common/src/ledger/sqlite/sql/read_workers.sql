-- read_workers: those that beat, and those that ended or fell silent not long ago, oldest first. ?1 how long in
-- milliseconds.
SELECT v.id, v.host, v.version, v.job_types, v.concurrency, v.draining, v.started_at, v.seen_at,
       v.left_at IS NOT NULL AS has_left,
       v.silent_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) AS is_silent,
       (SELECT count(*) FROM jobs j
        WHERE j.lease_owner = v.id AND j.state = 'running'
          AND j.lease_expires_at >= CAST(unixepoch('subsec') * 1000 AS INTEGER)) AS n_running,
       p.scope, p.name, p.reason, p.since, p.paused_by
FROM workers v LEFT JOIN pauses p ON p.scope = 'worker' AND p.name = v.id
WHERE coalesce(v.left_at, min(v.silent_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)))
      >= CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
ORDER BY v.started_at, v.id
