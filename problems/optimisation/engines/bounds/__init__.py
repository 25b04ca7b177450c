"""Lower bounds on spins: semidefinite relaxations, solved, tightened, and turned into proofs."""
