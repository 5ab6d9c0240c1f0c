-- try_lock_rescue: whether we are the one who rescues, until the transaction ends. $1 key.
SELECT pg_try_advisory_xact_lock($1) AS locked
