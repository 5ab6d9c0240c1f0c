-- read_installation: the name of this ledger, part of every chain's beginning.
SELECT id FROM installation
