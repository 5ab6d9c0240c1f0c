-- read_fleet: the hold, and the log-ins that were refused in a row.
SELECT hold_cause, hold_reason, held_since, held_by, refused_in_row, refused_last FROM fleet
