-- find_schema_history: whether any migration ever ran here; without it the next question would fail.
SELECT to_regclass('refinery_schema_history') IS NOT NULL AS present
