-- count_alarms: what waits for a person: mismatches that block a device of the inventory, files without a trusted hash
-- for which such devices report several, dead letters.
-- Files with several hashes are found by their index alone; there are few.
WITH several AS (
    SELECT version, file_name, platform
    FROM hash_observations
    GROUP BY version, file_name, platform
    HAVING min(sha256) <> max(sha256)
)
SELECT (SELECT count(*) FROM mismatches m
        WHERE m.cleared_at IS NULL
          AND NOT EXISTS (SELECT FROM devices d WHERE d.serial = m.serial AND d.gone_at IS NOT NULL)) AS open_mismatches,
       (SELECT count(*) FROM several s
        WHERE NOT EXISTS (SELECT FROM catalogue c WHERE c.version = s.version AND c.file_name IN ('', s.file_name))
          AND (SELECT min(o.sha256) <> max(o.sha256)
               FROM hash_observations o JOIN devices d ON d.serial = o.serial AND d.gone_at IS NULL
               WHERE o.version = s.version AND o.file_name = s.file_name AND o.platform = s.platform)) AS disputes,
       (SELECT count(*) FROM dead_letters) AS dead_letters
