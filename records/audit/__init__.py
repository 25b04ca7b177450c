"""What is really kept, against the word of the ledger."""
