-- delete_confirmed: rows that the broker has are done with. ?1 rows.
DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?1))
