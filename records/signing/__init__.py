"""The site's key, and what is signed with it."""
