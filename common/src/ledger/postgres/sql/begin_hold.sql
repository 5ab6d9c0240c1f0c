-- begin_hold: from now on no claim succeeds. $1 cause, $2 reason, $3 who, as JSON, or NULL.
UPDATE fleet SET hold_cause = $1, hold_reason = $2, held_since = now(), held_by = $3
RETURNING hold_cause, hold_reason, held_since, held_by, refused_in_row, refused_last
