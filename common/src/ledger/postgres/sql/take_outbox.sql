-- take_outbox: the oldest free rows, held for a while; none of a job whose earlier row is held or rests. A row that
-- is locked is a wake-up being deleted with the end of its job. The clock is the statement's, because the
-- transaction may have waited for its turn. $1 limit, $2 seconds, $3 name of this taking.
WITH free AS MATERIALIZED (
    SELECT o.id
    FROM outbox o
    WHERE (o.taken_until IS NULL OR o.taken_until <= statement_timestamp())
      AND NOT EXISTS (
          SELECT FROM outbox e
          WHERE e.job_id = o.job_id AND e.id < o.id AND e.taken_until > statement_timestamp())
    ORDER BY o.id
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE outbox o SET taken_until = statement_timestamp() + make_interval(secs => $2), taken_by = $3
FROM free WHERE o.id = free.id
RETURNING o.id, o.kind, o.job_id, o.job_type, o.message_id, o.routing_key, o.body,
          (SELECT j.traceparent FROM jobs j WHERE j.id = o.job_id) AS traceparent
