-- delete_dead_letter: a person has decided about it. $1 its number.
DELETE FROM dead_letters
WHERE id = $1
RETURNING id, message_id, routing_key, body, size_bytes, reason, died_at, collected_at, job_id
