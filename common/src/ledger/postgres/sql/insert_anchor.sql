-- insert_anchor: one anchor over all heads, and the heads that moved since the anchor before, read in one statement and
-- so at one moment. No row: nothing moved, or the last anchor is too young. Takes no lock on any head. SQLite computes
-- the hashes in the program. $1 least age of the last anchor in seconds.
WITH began AS MATERIALIZED (
    SELECT coalesce(l.id, 0) + 1 AS id, clock_timestamp() AS at,
           coalesce(l.hash, sha256(convert_to('panos-upgrade anchors v1', 'UTF8') || uuid_send(i.id))) AS prev
    FROM installation i
    LEFT JOIN (SELECT id, at, hash FROM audit_anchors ORDER BY id DESC LIMIT 1) l ON true
    WHERE l.at IS NULL OR l.at <= clock_timestamp() - make_interval(secs => $1)
), heads AS MATERIALIZED (
    SELECT h.chain, h.seq, h.hash, (a.seq, a.hash) IS DISTINCT FROM (h.seq, h.hash) AS has_moved
    FROM audit_heads h
    LEFT JOIN LATERAL (
        SELECT seq, hash FROM audit_anchor_heads a WHERE a.chain = h.chain ORDER BY a.anchor DESC LIMIT 1
    ) a ON true
), totals AS MATERIALIZED (
    SELECT count(*) AS n_chains, sum(seq)::bigint AS n_entries,
           sha256(string_agg(
               int4send(octet_length(convert_to(chain, 'UTF8'))) || convert_to(chain, 'UTF8') || int8send(seq) || hash,
               ''::bytea ORDER BY chain COLLATE "C") FILTER (WHERE has_moved)) AS heads
    FROM heads
), anchor AS (
    INSERT INTO audit_anchors (id, at, n_chains, n_entries, heads, prev, hash)
    SELECT b.id, b.at, t.n_chains, t.n_entries, t.heads, b.prev,
           sha256(b.prev || int8send(b.id) || int8send((extract(epoch FROM b.at) * 1000000)::bigint)
                  || int8send(t.n_chains) || int8send(t.n_entries) || t.heads)
    FROM began b CROSS JOIN totals t
    WHERE t.heads IS NOT NULL
    RETURNING id, at, n_chains, n_entries, heads, prev, hash
), kept AS (
    INSERT INTO audit_anchor_heads (chain, anchor, seq, hash)
    SELECT h.chain, a.id, h.seq, h.hash FROM heads h CROSS JOIN anchor a WHERE h.has_moved
)
SELECT id, at, n_chains, n_entries, heads, prev, hash FROM anchor
