-- forget_workers: rows of workers that ended or fell silent long ago and hold no job. $1 seconds.
DELETE FROM workers w
WHERE coalesce(w.left_at, w.silent_at) < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT FROM jobs j WHERE j.state = 'running' AND j.lease_owner = w.id)
