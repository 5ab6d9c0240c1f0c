-- lock_worker: a worker that was seen, kept from being forgotten until the transaction ends. SQLite has one writer.
-- $1 worker.
SELECT id FROM workers WHERE id = $1 FOR KEY SHARE
