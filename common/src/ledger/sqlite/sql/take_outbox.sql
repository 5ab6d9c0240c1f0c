-- take_outbox: the oldest rows that nobody holds, for a while. A row of a job of which an earlier row is held or
-- rests stays, so that the rows of one job keep their order. ?1 limit, ?2 how long in milliseconds, ?3 relay.
UPDATE outbox
SET taken_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?2, taken_by = ?3
WHERE id IN (
    SELECT o.id FROM outbox o
    WHERE (o.taken_until IS NULL OR o.taken_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER))
      AND NOT EXISTS (
          SELECT 1 FROM outbox e
          WHERE e.job_id = o.job_id AND e.id < o.id
            AND e.taken_until > CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ORDER BY o.id
    LIMIT ?1)
RETURNING id, kind, job_id, job_type, message_id, routing_key, body,
          (SELECT j.traceparent FROM jobs j WHERE j.id = outbox.job_id) AS traceparent
