"""Files and tables into models."""
