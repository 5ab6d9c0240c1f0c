-- begin_pause: from now on no attempt begins in that part. $1 scope, $2 name, $3 reason, $4 who, as JSON.
INSERT INTO pauses (scope, name, reason, paused_by) VALUES ($1, $2, $3, $4)
RETURNING scope, name, reason, since, paused_by
