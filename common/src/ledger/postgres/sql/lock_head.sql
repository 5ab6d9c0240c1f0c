-- lock_head: makes changes that belong to one chain wait for each other. $1 chain.
SELECT chain FROM audit_heads WHERE chain = $1 FOR UPDATE
