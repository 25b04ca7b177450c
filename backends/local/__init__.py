"""This machine's processes: runs `LocalCall`s in a small pool of warm workers."""
