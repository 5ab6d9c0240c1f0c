-- read_last_anchor: the end of the anchors.
SELECT id, at, n_chains, n_entries, heads, prev, hash FROM audit_anchors ORDER BY id DESC LIMIT 1
