-- delete_wake_ups: nobody needs to be woken for jobs that ended. ?1 jobs.
DELETE FROM outbox WHERE kind = 'wake_up' AND job_id IN (SELECT value FROM json_each(?1))
