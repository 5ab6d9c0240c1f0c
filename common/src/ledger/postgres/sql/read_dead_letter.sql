-- read_dead_letter: one letter. $1 its number.
SELECT id, message_id, routing_key, body, size_bytes, reason, died_at, collected_at, job_id
FROM dead_letters
WHERE id = $1
