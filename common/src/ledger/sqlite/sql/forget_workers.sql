-- forget_workers: those that ended or fell silent long ago and hold nothing. ?1 how long in milliseconds.
DELETE FROM workers
WHERE coalesce(left_at, silent_at) < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.lease_owner = workers.id AND jobs.state = 'running')
