"""Cases on several machines whose workers are killed: the single machine's answers, nothing paid twice."""
