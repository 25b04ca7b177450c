"""What is kept of old cases and what is given up: the plan of a pruning, and how it is carried out."""
