-- lock_settled: the rows of a settlement in one order, because whoever ends or cancels a job deletes its wake-ups at the
-- same moment. SQLite needs no such lock. $1 rows.
SELECT id FROM outbox WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE
