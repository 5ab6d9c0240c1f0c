-- delete_confirmed: rows that the broker has are done with. $1 rows.
DELETE FROM outbox
WHERE id IN (SELECT id FROM outbox WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE)
