"""How running work tells how far it is, and keeps what a later try goes on from."""

CHECKPOINT = "checkpoint"
"""Name of the file in a piece of work's folder; it goes along into the folder of the next try."""


class Report:
    """How running work tells its progress; the default keeps it to itself."""

    def __call__(self, fraction: float, message: str = "") -> None:
        """Says that `fraction` (0-1) of the work is done."""

    def save(self, checkpoint: bytes) -> None:
        """Keeps where the work stands, in place of what was kept before.

        Should the machine end this try, the next one finds it. The result must not depend on it: work that
        goes on from a checkpoint returns what it would have returned without.
        """

    def saved(self) -> bytes | None:
        """Returns what this try, or the one before it, kept last; None where the work is at its beginning."""
        return None
