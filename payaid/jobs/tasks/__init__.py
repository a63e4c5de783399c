"""A catalogue: one task a file. A task declares `POLICY` and `async def run(job)`; its file's name is its name."""
