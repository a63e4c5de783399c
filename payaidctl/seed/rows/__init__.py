"""Rows of one tenant, as COPY text: a catalogue, one file for the tables that belong together.

Each function makes one table's rows by itself, so that workers can share the tables out. A contact's name, place
and numbers are functions of its own number: what mentions it works them out again instead of keeping them.
"""
