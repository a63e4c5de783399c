"""Business rules, pure: no HTTP, no SQL, no clock of their own. A catalogue, one rule a file."""
