-- look_for_wake_up: ms until a wake-up of these types can be taken: 0 is now, no value is none.
-- Who looks before taking writes nothing while there is nothing. Hidden for longer than anybody hides means that
-- the clock was set back; such a wake-up can be taken.
-- ?1 JSON array of job types, ?2 how long a delivery is hidden, in ms
WITH wanted AS (SELECT value AS job_type FROM json_each(?1)),
     clock AS (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now_ms)
SELECT MIN(
    CASE
        WHEN EXISTS (
            SELECT 1
            FROM broker_wake_ups AS waiting
            WHERE waiting.job_type = wanted.job_type
              AND (waiting.hidden_until <= clock.now_ms OR waiting.hidden_until > clock.now_ms + ?2)
        ) THEN 0
        ELSE (
            SELECT MIN(hidden.hidden_until) - clock.now_ms
            FROM broker_wake_ups AS hidden
            WHERE hidden.job_type = wanted.job_type
        )
    END
)
FROM wanted, clock;
