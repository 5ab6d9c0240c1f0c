-- delete_wake_ups: nobody needs to be woken for jobs that ended. $1 jobs.
DELETE FROM outbox
WHERE id IN (
    SELECT id FROM outbox WHERE job_id = ANY ($1::bigint[]) AND kind = 'wake_up' ORDER BY id FOR UPDATE)
