"""What the domain expects of the ledger, a protocol for each thing that it tells the truth about."""
