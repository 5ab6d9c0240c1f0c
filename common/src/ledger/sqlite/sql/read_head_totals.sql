-- read_head_totals: how many chains and entries there are, and the time in milliseconds.
SELECT count(*) AS n_chains, coalesce(sum(seq), 0) AS n_entries, CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now
FROM audit_heads
