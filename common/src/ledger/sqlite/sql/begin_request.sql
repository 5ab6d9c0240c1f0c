-- begin_request: writes a new request, or takes up one that nobody works on any more; no row where neither is so.
-- ?1 key, ?2 hash of what is asked, ?3 batch, ?4 milliseconds to hold it for.
INSERT INTO requests (key, sha256, batch_id, held_until)
VALUES (?1, ?2, ?3, CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?4)
ON CONFLICT (key) DO UPDATE SET held_until = excluded.held_until
WHERE sha256 = excluded.sha256 AND answer IS NULL AND held_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
RETURNING batch_id
