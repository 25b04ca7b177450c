"""What searches, and what bounds."""
