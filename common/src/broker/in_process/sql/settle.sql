-- settle: takes a wake-up off the queue.
-- ?1 wake-up
DELETE FROM broker_wake_ups
WHERE id = ?1;
