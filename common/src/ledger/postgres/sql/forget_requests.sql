-- forget_requests: the oldest beyond their age or their number go, a few at a time; not one that somebody works on.
-- $1 age in seconds, $2 most that are kept, $3 most that go at once.
DELETE FROM requests WHERE key IN (
    SELECT key FROM requests
    WHERE (created_at < now() - make_interval(secs => $1)
           OR created_at < (SELECT created_at FROM requests ORDER BY created_at DESC OFFSET $2 LIMIT 1))
      AND (answer IS NOT NULL OR held_until < now())
    ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED)
