"""What the commands of `tierwise` do and how they show it; the commands themselves are in tierwise.py."""
