"""What will become of a row: learnt from rows whose outcome is known, proven on rows kept aside."""
