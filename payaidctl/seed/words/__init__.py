"""The words that sample data is made of: a catalogue, one subject a file."""
