"""Index tests: a corpus of hostile databases, kills in each phase, repairs under load, and the proof."""
