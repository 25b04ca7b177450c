"""What others must provide: families, machines, paid machines, fact providers, the ledger."""
