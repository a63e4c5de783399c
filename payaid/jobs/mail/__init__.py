"""Mail, a pipeline: message (templates to a message) -> carrier (which one) -> smtp | sendgrid (what it answered)."""
