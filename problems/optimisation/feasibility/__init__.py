"""What is said before any solving: who cannot be treated, and which demands contradict each other."""
