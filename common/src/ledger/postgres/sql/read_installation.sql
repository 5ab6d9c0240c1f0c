-- read_installation: names this ledger for good.
SELECT id FROM installation
