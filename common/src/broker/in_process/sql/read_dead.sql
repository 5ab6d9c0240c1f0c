-- read_dead: the oldest dead letters, without some.
-- ?1 how many at most, ?2 JSON array of the ids to leave out
SELECT id, job_type, message_id, body, reason, died_at
FROM broker_dead
WHERE id NOT IN (SELECT value FROM json_each(?2))
ORDER BY id
LIMIT ?1;
