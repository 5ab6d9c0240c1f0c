-- is_anchor_due: whether the last anchor is old enough and some chain has grown since. Cheap, because it is asked often:
-- an idle fleet compares two totals, and no head with its anchor. $1 least age of the last anchor in seconds.
SELECT coalesce(
    (SELECT CASE WHEN l.at > clock_timestamp() - make_interval(secs => $1) THEN false
                 ELSE (SELECT (count(*), coalesce(sum(seq), 0)::bigint) FROM audit_heads)
                      IS DISTINCT FROM (l.n_chains, l.n_entries) END
     FROM audit_anchors l ORDER BY l.id DESC LIMIT 1),
    EXISTS (SELECT FROM audit_heads)) AS due
