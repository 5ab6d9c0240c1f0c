-- leave: a worker ended in order. $1 worker.
UPDATE workers SET left_at = now() WHERE id = $1 AND left_at IS NULL
