-- What ended lately: for the throughput and the chart of the fleet.

CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
