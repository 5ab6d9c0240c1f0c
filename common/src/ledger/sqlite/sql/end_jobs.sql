-- end_jobs: jobs after an attempt, a rescue or a cancel. Fewer rows than sent: a lease was lost.
-- ?1 list of id, token, was (state before), state, attempt, n_snoozes, n_lost_leases, dispatch_no, held_up
-- (the end of the hold wakes it), due_after_ms or NULL, event_seq, progress, message, failure_kind, ready_for_install, status or NULL to keep it.
UPDATE jobs
SET state = e.value ->> 'state',
    attempt = e.value ->> 'attempt',
    n_snoozes = e.value ->> 'n_snoozes',
    n_lost_leases = e.value ->> 'n_lost_leases',
    dispatch_no = e.value ->> 'dispatch_no',
    held_up = e.value ->> 'held_up',
    waits_for = NULL,
    dispatched_at = CASE WHEN e.value ->> 'state' = 'available' THEN NULL ELSE dispatched_at END,
    due_at = coalesce(CAST(unixepoch('subsec') * 1000 AS INTEGER) + (e.value ->> 'due_after_ms'), due_at),
    lease_owner = NULL,
    lease_expires_at = NULL,
    event_seq = e.value ->> 'event_seq',
    progress = e.value ->> 'progress',
    message = e.value ->> 'message',
    failure_kind = e.value ->> 'failure_kind',
    ready_for_install = e.value ->> 'ready_for_install',
    status = coalesce(e.value ->> 'status', status),
    ended_at = CASE WHEN e.value ->> 'state' IN ('scheduled', 'available') THEN NULL
                    ELSE CAST(unixepoch('subsec') * 1000 AS INTEGER) END
FROM json_each(?1) e
WHERE jobs.id = e.value ->> 'id'
  AND jobs.lease_token = e.value ->> 'token'
  AND jobs.state = e.value ->> 'was'
