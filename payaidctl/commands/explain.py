"""Say why a check or an index exists, what it looks at, and how to mend it."""
