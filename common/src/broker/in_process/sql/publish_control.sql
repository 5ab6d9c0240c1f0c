-- publish_control: tells all processes on this file.
-- ?1 body
INSERT INTO broker_controls (body)
VALUES (?1);
