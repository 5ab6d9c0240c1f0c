-- read_dead_letters: letters, oldest first, as many as have few bytes together, and at least one. $1 after this one or
-- NULL, $2 limit, $3 bytes.
SELECT id, message_id, routing_key, body, size_bytes, reason, died_at, collected_at, job_id
FROM (
    SELECT *, sum(length(body)) OVER (ORDER BY id) - length(body) AS n_before
    FROM dead_letters
    WHERE $1::bigint IS NULL OR id > $1
    ORDER BY id
    LIMIT $2
) page
WHERE n_before < $3
ORDER BY id
