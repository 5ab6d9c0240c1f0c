-- read_outbox_state: what waits, how long the oldest row does, and what the broker said last. The oldest is the first:
-- a row never gets another number.
SELECT count(*) AS n_rows,
       (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) - created_at FROM outbox ORDER BY id LIMIT 1) AS oldest_ms,
       count(problem) AS n_refused,
       (SELECT problem FROM outbox WHERE problem IS NOT NULL ORDER BY taken_until DESC, id DESC LIMIT 1) AS last_problem
FROM outbox
