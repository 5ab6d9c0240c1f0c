-- lock_migration: lets one process at a time migrate, until its transaction ends. $1 key.
SELECT pg_advisory_xact_lock($1)
