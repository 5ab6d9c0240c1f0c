-- lock_dead_letters: lets one process at a time keep dead letters, so that their number has a limit. SQLite has one
-- writer. $1 key.
SELECT pg_advisory_xact_lock($1)
