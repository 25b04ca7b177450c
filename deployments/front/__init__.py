"""The one front door of `tierwise serve`: who may come in, and to what."""
