"""What a piece of work has used."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What was used: seconds elapsed, of processors, of quantum hardware, and US dollars."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    qpu_s: float = 0.0
    usd: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.wall_s + other.wall_s,
            self.cpu_s + other.cpu_s,
            self.qpu_s + other.qpu_s,
            self.usd + other.usd,
        )

    def to_json(self) -> dict[str, float]:
        return {
            "wall_s": self.wall_s,
            "cpu_s": self.cpu_s,
            "qpu_s": self.qpu_s,
            "usd": self.usd,
        }
