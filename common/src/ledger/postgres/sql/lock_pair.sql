-- lock_pair: makes claims of the two members of a pair come one after the other, until the transaction ends. A
-- device that stands alone has no row and locks nothing. Several keys are locked in their order. $1 job.
SELECT k.peer, pg_advisory_xact_lock(k.pair) AS locked
FROM (
    SELECT DISTINCT peer, hashtextextended(least(serial, peer) || ' ' || greatest(serial, peer), 0) AS pair
    FROM peers
    WHERE job = $1
    ORDER BY 2
    OFFSET 0
) k
