"""What the optimisation tiers reach, against known answers, single engines and their own null controls."""
