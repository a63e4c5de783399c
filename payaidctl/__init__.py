"""The operator's tool: measure, judge, score, tell."""
