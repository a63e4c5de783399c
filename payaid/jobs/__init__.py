"""Background jobs, a pipeline: outbox -> relay -> queue -> worker -> execute -> ledger; `tasks/` is a catalogue.

PostgreSQL is the truth and Redis the dispatcher: a job exists once its row commits, and is over once its row says
so. Whatever Redis forgets, repeats or delays is repaired from the rows.
"""
