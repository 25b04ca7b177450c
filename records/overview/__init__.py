"""What a site did in a week, from its ledger alone, beside the week before."""
