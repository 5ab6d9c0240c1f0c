-- try_lock_anchor: whether we are the one who anchors, until the transaction ends. $1 key.
SELECT pg_try_advisory_xact_lock($1) AS locked
