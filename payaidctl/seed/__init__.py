"""Sample data: a pipeline. words -> pools -> a plan of tenants -> rows as COPY text -> a database.

The same seed, sizes and as-of date give the same bytes, so that two runs and two machines measure the same thing.
Nobody in it exists: mail addresses are under `.example`, and telephone numbers begin with +91 555, which no one has.
"""

PASSWORD = "demo-password-1"  # noqa: S105 - printed at the end of every seeding, for sample data only
DEMO_TENANT = "demo"
DEMO_EMAIL = "owner@demo.payaid.example"

__all__ = ["DEMO_EMAIL", "DEMO_TENANT", "PASSWORD"]
