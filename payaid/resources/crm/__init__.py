"""A catalogue: the crm module's resources."""
