-- count_wake_ups: how many wake-ups of a type wait, without those in somebody's hand.
-- ?1 job type
SELECT COUNT(*)
FROM broker_wake_ups
WHERE job_type = ?1
  AND hidden_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER);
