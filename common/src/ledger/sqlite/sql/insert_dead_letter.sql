-- insert_dead_letter: keeps a letter. No row: it is kept already.
-- ?1 message id, ?2 routing key, ?3 body, ?4 whole length, ?5 SHA-256 of the body, ?6 reason, ?7 when it died, ?8 job or NULL.
INSERT INTO dead_letters (message_id, routing_key, body, size_bytes, sha256, reason, died_at, job_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (message_id, died_at, sha256) DO NOTHING
