-- delete_dead_letter: a person has decided about it. ?1 letter.
DELETE FROM dead_letters WHERE id = ?1
