"""Tasks that exist in tests only; tests/jobs/work.py puts them beside the real ones."""
