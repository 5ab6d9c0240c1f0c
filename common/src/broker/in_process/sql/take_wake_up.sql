-- take_wake_up: hides the oldest wake-up of these types that can be taken, and counts the delivery.
-- The oldest of each type is found first, in the order of the index, whatever waits behind it.
-- ?1 JSON array of job types, ?2 how long it is hidden, in ms
UPDATE broker_wake_ups
SET hidden_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?2,
    n_deliveries = n_deliveries + 1
WHERE id = (
    SELECT MIN(oldest)
    FROM (
        SELECT (
            SELECT waiting.id
            FROM broker_wake_ups AS waiting
            WHERE waiting.job_type = wanted.value
              AND (waiting.hidden_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
                   OR waiting.hidden_until > CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?2)
            ORDER BY waiting.id
            LIMIT 1
        ) AS oldest
        FROM json_each(?1) AS wanted
    )
)
RETURNING id, message_id, body, n_deliveries;
