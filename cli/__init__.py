"""What the commands of `tierwise` do and how they show it; `commands` has the commands."""
