-- end_jobs: jobs whose attempt ended, or that were cancelled while they waited; their rows are locked.
-- $1 jobs, $2 states, $3 attempts, $4 snoozes, $5 lost leases, $6 numbers of wake-ups, $7 whether the end of the
-- hold wakes it, $8 seconds until due or NULL, $9 progress, $10 messages, $11 kinds of failure, $12 ready for install,
-- $13 status documents, $14 numbers of the last event, $15 whether it is over.
UPDATE jobs j
SET state = e.state, attempt = e.attempt, n_snoozes = e.n_snoozes, n_lost_leases = e.n_lost_leases,
    dispatch_no = e.dispatch_no, dispatched_at = CASE WHEN e.state = 'available' THEN NULL ELSE j.dispatched_at END,
    held_up = e.held_up, waits_for = NULL,
    due_at = coalesce(now() + make_interval(secs => e.due_after_s), j.due_at),
    lease_owner = NULL, lease_expires_at = NULL,
    progress = e.progress, message = e.message, failure_kind = e.failure_kind,
    ready_for_install = e.ready_for_install, status = e.status, event_seq = e.event_seq,
    ended_at = CASE WHEN e.is_over THEN now() END
FROM unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bool[], $8::float8[],
            $9::smallint[], $10::text[], $11::text[], $12::bool[], $13::text[], $14::bigint[], $15::bool[])
    AS e (id, state, attempt, n_snoozes, n_lost_leases, dispatch_no, held_up, due_after_s, progress, message,
          failure_kind, ready_for_install, status, event_seq, is_over)
WHERE j.id = e.id
