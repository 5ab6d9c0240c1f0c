-- What ended lately: for the throughput and the chart of the fleet. Ending a job leaves other indexes of it too, so
-- that steps and renewals stay as cheap as they were ("Heap-Only Tuples", PostgreSQL manual).

CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
