-- read_pauses: all of queues, and those of one worker or of all. ?1 worker or NULL.
SELECT scope, name, reason, since, paused_by FROM pauses
WHERE scope = 'queue' OR ?1 IS NULL OR name = ?1
ORDER BY scope, name
