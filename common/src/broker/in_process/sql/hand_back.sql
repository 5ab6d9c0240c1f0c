-- hand_back: lets a wake-up be taken at once, as if it had not been delivered.
-- ?1 wake-up
UPDATE broker_wake_ups
SET hidden_until = 0,
    n_deliveries = max(n_deliveries - 1, 0)
WHERE id = ?1;
