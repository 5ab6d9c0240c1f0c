-- read_schema_version: the newest migration that ran; 0 when none did.
SELECT coalesce(max(version), 0) AS version FROM refinery_schema_history
