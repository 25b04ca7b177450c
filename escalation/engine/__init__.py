"""The ladder and its drivers."""

from escalation.text import notebook  # whoever has an outcome has it from here: it shows itself well

__all__ = ["notebook"]
