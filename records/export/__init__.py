"""A case as a folder or a ZIP file that stands on its own: exported, opened again, verified."""
