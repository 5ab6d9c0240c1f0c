-- forget_refusals: a log-in was accepted; where none was refused before, nothing is written.
UPDATE fleet SET refused_in_row = 0, refused_last = '[]' WHERE refused_in_row > 0
