-- read_pause: one pause. ?1 scope, ?2 name.
SELECT scope, name, reason, since, paused_by FROM pauses WHERE scope = ?1 AND name = ?2
