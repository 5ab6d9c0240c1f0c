-- insert_heads: begins the chains that do not exist yet, each with the hash that binds installation and name.
-- SQLite is given the hashes by the program. $1 chains.
INSERT INTO audit_heads (chain, seq, hash)
SELECT c.chain, 0, sha256(convert_to('panos-upgrade audit v1', 'UTF8') || uuid_send(i.id) || convert_to(c.chain, 'UTF8'))
FROM unnest($1::text[]) AS c (chain) CROSS JOIN installation i
ORDER BY c.chain COLLATE "C"
ON CONFLICT (chain) DO NOTHING
