-- read_throughput: the time now, how many jobs ended in the last one and ten minutes, since when those of the last ten
-- minutes were worked on, and how many have not ended.
SELECT now() AS now,
       count(*) FILTER (WHERE ended_at > now() - interval '1 minute') AS last_minute,
       count(*) AS last_10_minutes,
       extract(epoch FROM now() - min(started_at))::bigint AS worked_s,
       (SELECT count(*) FROM jobs WHERE ended_at IS NULL) AS jobs_left
FROM jobs
WHERE ended_at > now() - interval '10 minutes'
