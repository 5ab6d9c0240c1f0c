-- Where in a trace a job was wished for, so that attempts at it and its messages go on from there.

ALTER TABLE jobs ADD COLUMN traceparent TEXT CHECK (length(traceparent) = 55);
