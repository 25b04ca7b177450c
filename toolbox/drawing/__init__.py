"""Tables and pictures of reports."""
