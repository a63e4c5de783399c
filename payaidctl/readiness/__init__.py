"""A pipeline: check (YAML) -> look (probes, once each) -> expect (pure) -> finding -> score (pure) -> run."""
