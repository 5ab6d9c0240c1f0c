-- mark_gone: devices that their source no longer shows. ?1 serials.
UPDATE devices
SET gone_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
WHERE gone_at IS NULL AND serial IN (SELECT value FROM json_each(?1))
