-- read_dead_letters: one page, oldest first. ?1 the letter before the page or NULL, ?2 limit.
SELECT id, message_id, routing_key, body, size_bytes, reason, died_at, collected_at, job_id
FROM dead_letters
WHERE id > coalesce(?1, 0)
ORDER BY id
LIMIT ?2
