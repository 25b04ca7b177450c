"""The store: bytes by their SHA-256, in a folder or in an object store that several machines share."""
