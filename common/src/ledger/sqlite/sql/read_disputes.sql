-- read_disputes: files without a trusted hash for which devices of the inventory report several, one row per hash,
-- those of a file together, most devices first.
-- Files with several hashes are found by their index alone; there are few, and `CROSS JOIN` begins with them.
WITH several AS (
    SELECT version, file_name, platform
    FROM hash_observations
    GROUP BY version, file_name, platform
    HAVING min(sha256) <> max(sha256)
), seen AS (
    SELECT o.version, o.file_name, o.platform, o.sha256, count(*) AS n, min(o.serial) AS example
    FROM several s
    CROSS JOIN hash_observations o ON o.version = s.version AND o.file_name = s.file_name AND o.platform = s.platform
    JOIN devices d ON d.serial = o.serial AND d.gone_at IS NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM catalogue c WHERE c.version = o.version AND c.file_name IN ('', o.file_name))
    GROUP BY o.version, o.file_name, o.platform, o.sha256
), counted AS (
    SELECT s.*, count(*) OVER (PARTITION BY s.version, s.file_name, s.platform) AS n_hashes FROM seen s
)
SELECT version, file_name, platform, sha256, n, example
FROM counted
WHERE n_hashes > 1
ORDER BY version, file_name, platform, n DESC, sha256
