-- read_other_hashes: what devices of the inventory report for a file besides this hash, most devices first. Two ranges
-- of the index, because nearly all rows lie between them. ?1 version, ?2 file name or empty, ?3 serial, ?4 hash.
WITH mine AS (
    SELECT platform FROM hash_observations WHERE version = ?1 AND file_name = ?2 AND serial = ?3
), others AS (
    SELECT o.sha256, o.serial FROM mine JOIN hash_observations o ON o.platform = mine.platform
    WHERE o.version = ?1 AND o.file_name = ?2 AND o.sha256 < ?4
    UNION ALL
    SELECT o.sha256, o.serial FROM mine JOIN hash_observations o ON o.platform = mine.platform
    WHERE o.version = ?1 AND o.file_name = ?2 AND o.sha256 > ?4
)
SELECT o.sha256, count(*) AS n, min(o.serial) AS example
FROM others o JOIN devices d ON d.serial = o.serial AND d.gone_at IS NULL
GROUP BY o.sha256
ORDER BY n DESC, o.sha256
