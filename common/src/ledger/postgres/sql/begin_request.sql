-- begin_request: writes a new request, or takes up one that nobody works on any more; no row where neither is so.
-- $1 key, $2 hash of what is asked, $3 batch, $4 seconds to hold it for.
INSERT INTO requests AS r (key, sha256, batch_id, held_until)
VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
ON CONFLICT (key) DO UPDATE SET held_until = EXCLUDED.held_until
WHERE r.sha256 = EXCLUDED.sha256 AND r.answer IS NULL AND r.held_until <= clock_timestamp()
RETURNING batch_id
