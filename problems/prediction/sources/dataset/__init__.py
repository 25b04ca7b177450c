"""Tables that come with installed packages, and constructed ones."""
