-- end_pause: claims succeed there again. No row: it was not paused. ?1 scope, ?2 name.
DELETE FROM pauses WHERE scope = ?1 AND name = ?2
RETURNING scope, name, reason, since, paused_by
