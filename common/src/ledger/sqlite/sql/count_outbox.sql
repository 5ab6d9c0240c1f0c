-- count_outbox: rows that wait, taken or not.
SELECT count(*) FROM outbox
