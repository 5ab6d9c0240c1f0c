-- read_pair: the other member of the pair of a job's device, and its job of the same command where that one leads.
-- No row: the device stands alone. $1 job.
SELECT p.peer, l.id AS lead, l.state AS lead_state
FROM jobs j
JOIN peers p ON p.serial = j.serial
LEFT JOIN jobs l
    ON l.serial = p.peer AND l.batch_id = j.batch_id AND l.pair_mode = 'sync' AND j.pair_mode = 'sync' AND l.id < j.id
WHERE j.id = $1
ORDER BY l.id DESC NULLS LAST, p.peer
LIMIT 1
