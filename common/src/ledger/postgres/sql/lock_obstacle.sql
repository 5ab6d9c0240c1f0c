-- lock_obstacle: holds the job still that comes first, until it is noted who waits for it. Whoever ends it sees the
-- note then. SQLite needs no such lock. $1 job.
SELECT id FROM jobs WHERE id = $1 FOR NO KEY UPDATE
