-- clear_mismatch: lets the one that blocks go. $1 serial, $2 version, $3 who, as JSON.
UPDATE mismatches SET cleared_at = now(), cleared_by = $3
WHERE serial = $1 AND version = $2 AND cleared_at IS NULL
RETURNING serial, version, file_name, expected, found, job_id, raised_at, cleared_at, cleared_by
