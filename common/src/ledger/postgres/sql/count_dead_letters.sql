-- count_dead_letters: how many are kept.
SELECT count(*) AS n FROM dead_letters
