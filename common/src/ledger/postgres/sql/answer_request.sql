-- answer_request: the first answer stays.
-- $1 key, $2 status, $3 answer.
UPDATE requests SET status = $2, answer = $3 WHERE key = $1 AND answer IS NULL
