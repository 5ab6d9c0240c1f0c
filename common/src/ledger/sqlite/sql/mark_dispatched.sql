-- mark_dispatched: jobs whose last wake-up the broker has. An older one says nothing about the last. ?1 outbox rows.
UPDATE jobs
SET dispatched_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
FROM outbox o
WHERE o.id IN (SELECT value FROM json_each(?1))
  AND o.kind = 'wake_up'
  AND jobs.state = 'available'
  AND jobs.id = o.job_id
  AND o.message_id = jobs.id || ':' || jobs.dispatch_no
