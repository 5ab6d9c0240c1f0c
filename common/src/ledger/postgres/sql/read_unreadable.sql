-- read_unreadable: the tables of the ledger that this user may not read, by name.
SELECT c.relname::text AS name
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace
  AND c.relkind IN ('r', 'p', 'v')
  AND NOT has_table_privilege(c.oid, 'SELECT')
ORDER BY c.relname
