-- find_schema_history: whether any migration ever ran here; without it the next question would fail.
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'refinery_schema_history'
