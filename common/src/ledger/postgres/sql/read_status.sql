-- read_status: what the newest job of a device left behind. $1 serial.
SELECT status
FROM jobs
WHERE serial = $1
ORDER BY id DESC
LIMIT 1
