"""A catalogue: the finance module's resources."""
