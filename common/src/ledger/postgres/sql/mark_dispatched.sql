-- mark_dispatched: jobs whose last wake-up the broker has count as dispatched from now on. Rows of many jobs are
-- locked by number everywhere, and jobs before outbox rows, so that no two statements wait for each other in a
-- circle. A claim that notes what it waits for has two jobs in hand in another order; one that somebody has in hand
-- is passed over: it is being claimed, noted or ended, and at worst is woken once more (`wake_unsent`).
-- $1 outbox rows.
WITH woken AS MATERIALIZED (
    SELECT j.id
    FROM outbox o JOIN jobs j ON j.id = o.job_id AND o.message_id = j.id || ':' || j.dispatch_no
    WHERE o.id = ANY ($1::bigint[]) AND o.kind = 'wake_up' AND j.state = 'available'
    ORDER BY j.id
    FOR NO KEY UPDATE OF j SKIP LOCKED
)
UPDATE jobs j SET dispatched_at = now() FROM woken w WHERE j.id = w.id
