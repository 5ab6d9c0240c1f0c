-- forget_pauses: those of workers that are forgotten; a name is never used again.
DELETE FROM pauses
WHERE scope = 'worker' AND NOT EXISTS (SELECT 1 FROM workers WHERE workers.id = pauses.name)
