-- last_offset: the highest offset that was ever given, also after its event was pruned.
SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'broker_events'), 0);
