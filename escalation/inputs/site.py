"""Limits of the site, whatever a policy or a problem says: settings, and limits in the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escalation.inputs.settings import Settings
from escalation.model.problem import DataClass

if TYPE_CHECKING:
    from escalation.model.submission import Limit

EVERYBODY = "*"
"""The project whose limits count for all together, as the ledger spells it."""


@dataclass(frozen=True)
class Site:
    """What the site allows; without arguments, the least.

    Attributes:
        hardware_allowed: whether hardware may be used.
        may_leave: the data classes that may leave the site.
        unasked_usd: up to what price nobody need be asked; None: always.
        limit_usd: the smallest limit in US dollars that counts for the project; None: there is none.
    """

    hardware_allowed: bool = False
    may_leave: tuple[DataClass, ...] = (DataClass.PUBLIC, DataClass.DEIDENTIFIED)
    unasked_usd: float | None = None
    limit_usd: float | None = None

    @classmethod
    def of(cls, settings: Settings, limits: Iterable["Limit"]) -> "Site":
        """Reads the settings, and the limits that the ledger holds."""
        caps = [x.caps.usd for x in limits if x.project in (settings.project, EVERYBODY)]
        return cls(
            settings.hardware_allowed,
            settings.data_may_leave,
            settings.unasked_usd,
            min((usd for usd in caps if usd is not None), default=None),
        )

    def wants_word(self, cap_usd: float) -> bool:
        """Whether a person must approve a job that can cost so much."""
        return self.unasked_usd is None or cap_usd > self.unasked_usd


STRICT = Site()
"""Of nobody who said anything."""
