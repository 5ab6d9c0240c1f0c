-- lock_file: makes observations of one file come one after the other, so that of two that disagree the later one sees
-- the earlier one. SQLite has one writer. $1 name of the file for this.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0)) AS locked
