"""Binary classification of the rows of a table."""
