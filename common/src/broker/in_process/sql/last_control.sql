-- last_control: the highest number that was ever given, also after its control was pruned.
SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'broker_controls'), 0);
