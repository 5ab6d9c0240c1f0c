-- give_back: lets a wake-up be taken at once that was handed out and not settled.
-- ?1 wake-up
UPDATE broker_wake_ups
SET hidden_until = 0
WHERE id = ?1;
