"""Asks sacct for one job, and reads its answer."""

from backends.batch.jobs import Accounted
from backends.slurm.listing import ENDS
from escalation.model.amounts import Amounts

_FIELDS = ("JobID", "State", "ElapsedRaw", "TotalCPU", "ConsumedEnergyRaw", "ExitCode")


def command(tag: str) -> list[str]:
    """By its name, of this user: the id is not known of what was in doubt.

    With its steps, although they are not read: `--allocations` alone shows processor time as none.
    """
    return [
        *("sacct", "--noheader", "--parsable2", "--duplicates", "--starttime=now-30days"),
        *(f"--name={tag}", f"--format={','.join(_FIELDS)}"),
    ]


def read(out: str) -> Accounted | None:
    """What sacct says of a job that ended; None where it knows none, or one that has not."""
    lines = [line.split("|") for line in out.splitlines() if line.count("|") == len(_FIELDS) - 1]
    found = [fields for job, *fields in lines if "." not in job]
    ended = [fields for fields in found if fields[0].partition(" ")[0] in ENDS]
    if not ended or len(ended) < len(found):
        return None
    # of two jobs of a name, the one that found the work claimed took no time
    state, elapsed_s, cpu, energy, code = max(ended, key=lambda fields: _number(fields[1]))
    word, _, by = state.partition(" ")
    usage = Amounts(wall_s=_number(elapsed_s), cpu_s=seconds(cpu) or 0.0)
    return Accounted(
        ENDS[word], by or f"exit code {code}", usage, _number(energy) if energy not in ("", "0") else None
    )


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0


def seconds(text: str) -> float | None:
    """A time of Slurm's in seconds; None where it is none, as `infinite`.

    It is `[days-]hours:minutes:seconds`, `minutes:seconds[.part]`, or `days-hours[:minutes]`.
    """
    days, dash, rest = text.rpartition("-")
    try:
        parts, whole = [float(part) for part in rest.split(":")], float(days) if dash else 0.0
    except ValueError:
        return None
    if dash:
        parts = [*parts, 0.0, 0.0][:3]
    elif len(parts) == 1:
        parts = [0.0, *parts, 0.0]
    hours, minutes, rest_s = [0.0, *parts][-3:]
    return whole * 86400 + hours * 3600 + minutes * 60 + rest_s
