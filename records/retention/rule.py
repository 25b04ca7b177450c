"""For how long the bytes of a case are kept, by the class of its data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from escalation.model.problem import DataClass
from records.ledger.retention import CaseBytes

SETTING = "TIERWISE_RETENTION_DAYS"
DAY_S = 86400.0


@dataclass(frozen=True)
class Retention:
    """The periods that hold.

    Attributes:
        stated_days: the site's, by class of the data; where it states any, a class without one is kept for
            ever. Empty: the site states nothing, and what was asked for holds for every class.
        older_than_days: what was asked for now; it may lengthen the site's period, and never shortens it.
    """

    stated_days: Mapping[DataClass, float] = field(default_factory=dict)
    older_than_days: float | None = None

    def days(self, data_class: DataClass) -> float | None:
        """The days that bytes of such a case are kept after its end; None: for ever."""
        asked = self.older_than_days
        if not self.stated_days:
            return asked
        stated = self.stated_days.get(data_class)
        return stated if stated is None or asked is None else max(stated, asked)

    def words(self, data_class: DataClass) -> str:
        """The rule, as it is written into the record; of a class that has one."""
        days, stated = self.days(data_class), self.stated_days.get(data_class)
        source = f"{SETTING}, {data_class} data" if days == stated else "as was asked for, --older-than"
        return f"kept {days:g} days after the end of the case ({source})"

    def kept_because(self, case: CaseBytes, now_s: float) -> str:
        """Why nothing of the case may be given up now; empty where something may."""
        if case.owed:
            return case.owed
        days = self.days(case.data_class)
        if days is None:
            return f"no period is stated for {case.data_class} data ({SETTING})"
        assert case.ended_at is not None
        until = datetime.fromisoformat(case.ended_at) + timedelta(days=days)
        if until > datetime.fromtimestamp(now_s, UTC):
            return f"kept until {until.date()}: {self.words(case.data_class)}"
        return ""
