-- end_hold: claims succeed again, and refused log-ins are forgotten.
UPDATE fleet
SET hold_cause = NULL, hold_reason = NULL, held_since = NULL, held_by = NULL, refused_in_row = 0, refused_last = '[]'
