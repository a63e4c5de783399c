"""Jobs, through the front door: a real worker process, PostgreSQL through the pooler, and a queue that can die."""
