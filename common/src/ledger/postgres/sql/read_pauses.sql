-- read_pauses: all pauses, or the one of a part. $1 scope or NULL, $2 name.
SELECT scope, name, reason, since, paused_by
FROM pauses
WHERE $1::text IS NULL OR scope = $1 AND name = $2
ORDER BY scope, name COLLATE "C"
