"""What is metered: the one table of everything that work can use up, be quoted, be allowed and be charged."""

from dataclasses import dataclass

_UNITS = {"s": "seconds", "h": "hours"}


@dataclass(frozen=True)
class Metered:
    """A resource whose use is counted.

    Attributes:
        name: as people write it in budgets and read it in records; ends in its unit.
        unit: of its facts.
        what: whose units they are, as in `QPU seconds`.
        of: the same behind a number, as in `3.0 s of QPU`; `of` and `what` where it is not given.
        charged: somebody is paid for it: the ledger sets it aside before work is sent, the limits of projects
            count it, and a budget of 0 allows none. What is not charged ends a case once it is used up.
        always: written and shown where there is none of it too.
        digits: behind the decimal point where it is shown.
    """

    name: str
    unit: str
    what: str = ""
    of: str | None = None
    charged: bool = False
    always: bool = False
    digits: int = 1

    @property
    def money(self) -> bool:
        """Whether it is a currency."""
        return self.unit == "USD"

    @property
    def words(self) -> str:
        """Its unit in full: `QPU seconds`."""
        return f"{self.what} {_UNITS.get(self.unit, self.unit)}".strip()

    @property
    def label(self) -> str:
        """Its unit in short: `QPU s`."""
        return f"{self.what} {self.unit}".strip()

    def number(self, value: float) -> str:
        """An amount of it without its unit: `3.0`."""
        return f"{value:.{self.digits}f}"

    def shown(self, value: float) -> str:
        """An amount of it: `3.0 s`."""
        return f"{self.number(value)} {self.unit}"

    def in_words(self, value: float) -> str:
        """An amount of it in a sentence: `3 QPU seconds`."""
        number = self.number(value) if self.money else f"{round(value, self.digits + 2):.15g}"
        return f"{number} {self.words}"

    def told(self, value: float) -> str:
        """An amount of it that can stand beside those of others: `3.0 s of QPU`."""
        behind = self.of if self.of is not None else self.what and f"of {self.what}"
        return f"{self.shown(value)} {behind}".strip()


METERED = (
    Metered("wall_s", "s", "elapsed", of="elapsed", always=True),
    Metered("cpu_s", "s", "CPU", of="of processors", always=True),
    Metered("gpu_s", "s", "GPU"),
    Metered("node_h", "h", "node", of="of nodes", digits=3),
    Metered("qpu_s", "s", "QPU", charged=True, always=True),
    Metered("usd", "USD", charged=True, always=True, digits=2),
)
"""A line each; everything that names, sums, limits, decides on or shows amounts goes by it."""

CHARGED = tuple(each for each in METERED if each.charged)
