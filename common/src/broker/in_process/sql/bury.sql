-- bury: copies a wake-up to the dead letters; `settle` then takes it off the queue.
-- ?1 wake-up, ?2 reason
INSERT INTO broker_dead (job_type, message_id, body, reason)
SELECT job_type, message_id, body, ?2
FROM broker_wake_ups
WHERE id = ?1;
