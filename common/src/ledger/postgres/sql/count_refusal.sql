-- count_refusal: one more refused log-in. $1 how many in a row, $2 serials of the last ones, as JSON.
UPDATE fleet SET refused_in_row = $1, refused_last = $2
