-- read_outbox_state: how many rows wait, for how long, and why the one waits that was refused last.
SELECT count(*) AS n, extract(epoch FROM now() - min(created_at))::float8 AS oldest_s,
       count(*) FILTER (WHERE n_refused > 0) AS n_refused,
       (SELECT problem FROM outbox WHERE problem IS NOT NULL ORDER BY taken_until DESC NULLS LAST, id DESC LIMIT 1)
           AS last_problem
FROM outbox
