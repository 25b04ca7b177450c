"""What differs between two policies, in words, and which way each difference leans."""
