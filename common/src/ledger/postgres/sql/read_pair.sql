-- read_pair: the other member of the pair of a job's device, and its job of the same command where that one leads.
-- No row: the device stands alone. $1 job.
SELECT p.peer, l.id AS lead, l.state AS lead_state
FROM (SELECT peer FROM peers WHERE job = $1) p
JOIN jobs j ON j.id = $1
LEFT JOIN jobs l
    ON l.serial = p.peer AND l.batch_id = j.batch_id AND l.pair_mode = 'sync' AND j.pair_mode = 'sync' AND l.id < j.id
ORDER BY l.id DESC NULLS LAST, p.peer
LIMIT 1
