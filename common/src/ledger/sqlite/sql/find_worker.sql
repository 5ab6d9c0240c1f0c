-- find_worker: whether a worker is remembered. ?1 worker.
SELECT 1 FROM workers WHERE id = ?1
