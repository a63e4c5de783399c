"""A catalogue: the platform module's resources."""
