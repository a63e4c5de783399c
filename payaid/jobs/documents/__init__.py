"""Documents, a pipeline: rows -> sheet (every figure as the text that is printed) -> typeset or workbook (bytes)."""
