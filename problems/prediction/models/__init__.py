"""Models as files without pickles."""
