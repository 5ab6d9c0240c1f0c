-- read_clock: what time it is at the server, not when this transaction began.
SELECT clock_timestamp() AS now
