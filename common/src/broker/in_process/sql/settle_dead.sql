-- settle_dead: takes a dead letter off its table.
-- ?1 dead letter
DELETE FROM broker_dead
WHERE id = ?1;
