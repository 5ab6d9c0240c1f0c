-- read_mismatches: images that differ from the trusted hash, oldest first. ?1 whether only those that block a device of the
-- inventory.
SELECT serial, version, file_name, expected, found, job_id, raised_at, cleared_at, cleared_by
FROM mismatches
WHERE NOT ?1
   OR cleared_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.serial = mismatches.serial AND d.gone_at IS NOT NULL)
ORDER BY id
