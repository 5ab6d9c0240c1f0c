-- count_dead: how many dead letters wait for a person.
SELECT COUNT(*)
FROM broker_dead;
