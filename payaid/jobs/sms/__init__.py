"""SMS: message (a payload becomes a checked message) and provider (the protocol); then one carrier a file."""
