"""Runs work as jobs of PBS."""

from backends.batch.backend import BatchBackend
from backends.pbs.pbs import Pbs
from backends.pbs.settings import PbsSettings
from escalation.inputs.settings import Settings


class PbsBackend(BatchBackend):
    """Jobs in a queue, the default one where none is named."""

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Raises `BadInput` when there is no such queue."""
        super().__init__(Pbs(settings.of(PbsSettings).site), device)
