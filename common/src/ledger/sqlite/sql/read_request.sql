-- read_request: where a request stands.
-- ?1 key, ?2 hash of what is asked.
SELECT sha256 = ?2 AS is_same, status, answer FROM requests WHERE key = ?1
