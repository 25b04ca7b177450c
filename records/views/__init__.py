"""Views of a case: the report, and its parts as Markdown and rows."""
