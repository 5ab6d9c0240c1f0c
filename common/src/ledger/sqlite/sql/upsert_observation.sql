-- upsert_observation: what a device reports for a file now. No row: the device is not in the inventory. A file without
-- a name is one file for all devices of a model; where the model is not known either, for this device only.
-- ?1 version, ?2 file name or empty, ?3 serial, ?4 hash.
INSERT INTO hash_observations (version, file_name, platform, serial, sha256)
SELECT ?1, ?2, CASE WHEN ?2 = '' THEN coalesce(nullif(d.model, ''), d.serial) ELSE '' END, d.serial, ?4
FROM devices d
WHERE d.serial = ?3
ON CONFLICT (version, file_name, serial) DO UPDATE
SET platform = excluded.platform, sha256 = excluded.sha256,
    observed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
