-- read_refusal: why a job could not be claimed. ?1 job.
SELECT j.state, f.hold_cause, f.hold_reason, f.held_since, f.held_by,
       (SELECT min(o.obstacle) FROM obstacles o WHERE o.job = ?1) AS obstacle
FROM jobs j CROSS JOIN fleet f
WHERE j.id = ?1
