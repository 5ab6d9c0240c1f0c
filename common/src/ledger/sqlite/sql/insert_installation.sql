-- insert_installation: names this ledger, once. ?1 id.
INSERT INTO installation (id) VALUES (?1) ON CONFLICT (only_one) DO NOTHING
