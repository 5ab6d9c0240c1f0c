-- release_request: nobody works on it any more.
-- $1 key.
UPDATE requests SET held_until = clock_timestamp() WHERE key = $1 AND answer IS NULL
