-- request_cancel: asks the worker of a running job to stop. ?1 job, ?2 operator, ?3 host, ?4 reason, ?5 event number.
UPDATE jobs
SET cancel_requested_at = CAST(unixepoch('subsec') * 1000 AS INTEGER),
    cancel_operator = ?2, cancel_host = ?3, cancel_reason = ?4, event_seq = ?5
WHERE id = ?1
