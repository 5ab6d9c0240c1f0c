-- note_refusal: a job whose delivery is about to be acked without a claim, and what wakes it again.
-- $1 job, $2 whether the end of the hold or of its queue's pause does, $3 job whose end does or NULL.
UPDATE jobs SET held_up = $2, waits_for = $3 WHERE id = $1 AND state = 'available'
