"""Layers, one a file, over any ASGI app; `chain` is the ordered list, outermost first, with a reason a line."""
