-- lock_outbox: lets one relay at a time take or settle rows, so that no two hold rows of one job. A statement of
-- its own: what follows must see what the holder before it committed. $1 key.
SELECT pg_advisory_xact_lock($1)
