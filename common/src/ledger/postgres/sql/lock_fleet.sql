-- lock_fleet: the same, held still. Claims look past this lock.
SELECT hold_cause, hold_reason, held_since, held_by, refused_in_row, refused_last FROM fleet FOR UPDATE
