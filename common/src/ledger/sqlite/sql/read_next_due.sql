-- read_next_due: milliseconds until the next job is due; negative when it is, NULL when none waits.
SELECT min(due_at) - CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM jobs WHERE state = 'scheduled'
