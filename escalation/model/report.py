"""How running work tells how far it is."""


class Report:
    """How running work tells its progress; the default keeps it to itself."""

    def __call__(self, fraction: float, message: str = "") -> None:
        """Says that `fraction` (0-1) of the work is done."""
