-- end_pause: attempts begin again in that part. $1 scope, $2 name.
DELETE FROM pauses WHERE scope = $1 AND name = $2 RETURNING scope, name, reason, since, paused_by
