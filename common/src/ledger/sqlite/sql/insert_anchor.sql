-- insert_anchor: one anchor. PostgreSQL computes it itself.
-- ?1 number, ?2 time in milliseconds, ?3 chains, ?4 entries, ?5 hash over the heads, ?6 hash before, ?7 hash.
INSERT INTO audit_anchors (id, at, n_chains, n_entries, heads, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
