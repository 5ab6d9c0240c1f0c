-- touch_worker: a worker lives, and this is what it says of itself. One that left stays gone.
-- ?1 worker, ?2 host, ?3 version, ?4 job types, ?5 concurrency, ?6 whether it drains, ?7 lease in milliseconds.
INSERT INTO workers (id, host, version, job_types, concurrency, draining, silent_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?7)
ON CONFLICT (id) DO UPDATE
SET host = excluded.host, version = excluded.version, job_types = excluded.job_types,
    concurrency = excluded.concurrency, draining = excluded.draining,
    seen_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), silent_at = excluded.silent_at
WHERE workers.left_at IS NULL
