-- read_schema_version: the newest migration that ran here.
SELECT coalesce(max(version), 0) FROM refinery_schema_history
