"""A pipeline: read raw -> judge each value -> judge them together -> judge what they do in effect -> compare files.

Nothing here ever repeats a value: findings tell lengths, ports and shapes.
"""
