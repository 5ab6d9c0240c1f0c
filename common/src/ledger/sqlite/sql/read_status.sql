-- read_status: the status document of a device's newest job. ?1 serial.
SELECT status FROM jobs WHERE serial = ?1 ORDER BY id DESC LIMIT 1
