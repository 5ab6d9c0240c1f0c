-- forget_pauses: nobody needs to be kept from anything who is not remembered.
DELETE FROM pauses p WHERE p.scope = 'worker' AND NOT EXISTS (SELECT FROM workers w WHERE w.id = p.name)
