-- count_dead_letters: how many there are.
SELECT count(*) FROM dead_letters
