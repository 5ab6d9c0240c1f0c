-- end_attempts: how claims ended. ?1 list of job, token, ending, kind, message.
UPDATE attempts
SET ended_at = CAST(unixepoch('subsec') * 1000 AS INTEGER),
    ending = e.value ->> 'ending', kind = e.value ->> 'kind', message = e.value ->> 'message'
FROM json_each(?1) e
WHERE attempts.job_id = e.value ->> 'job'
  AND attempts.lease_token = e.value ->> 'token'
  AND attempts.ended_at IS NULL
