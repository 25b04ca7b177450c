"""What checks an answer and its bound."""
