"""What a case's circuits ran on: the device as it was calibrated, the qubits used, the circuits drawn."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from escalation.engine.runtime import WorkDone
from escalation.model.attempt import Attempt
from escalation.model.calibration import Calibration, QubitCalibration
from escalation.model.demand import Demand
from escalation.model.errors import CorruptRecord
from escalation.model.kinds.circuits import Circuits
from escalation.model.result import RawResult
from escalation.model.work import kinds
from escalation.ports.store import Store
from escalation.text.rounding import rounded
from records.views.drawings import circuit, qubit_map

MOST_CIRCUITS = 2
"""Circuits of a piece of work that are drawn: those of one piece differ little."""
MOST_TEXT = 200_000
"""Characters of a circuit that are read for a drawing."""
_PHYSICAL = re.compile(r"\$(\d+)")


@dataclass(frozen=True)
class CircuitPicture:
    """A circuit as SVG; None where it has more than gates in it; and what it is in words."""

    title: str
    svg: str | None
    said: str


@dataclass(frozen=True)
class MachineShown:
    """A piece of work on circuits, for a reader.

    Attributes:
        title: of which attempt, on what.
        facts: names and values, in order.
        map: of the used qubits, SVG; None where none is known, or an earlier piece of work shows it.
        errors: a row a used qubit: number, T1, T2 (µs), readout error (%).
        circuits: the first ones.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    map: str | None
    errors: tuple[tuple[str, ...], ...]
    circuits: tuple[CircuitPicture, ...]


def machines(attempts: Sequence[Attempt], ran: WorkDone) -> Iterator[MachineShown]:
    """Yields one a piece of work on circuits that came back."""
    circuits = {name for name, kind in kinds().items() if issubclass(kind, Circuits)}
    mapped: set[tuple[Any, ...]] = set()
    for attempt in attempts:
        if circuits.isdisjoint(str(work["kind"]) for work in attempt.works):
            continue
        for ordinal, piece in enumerate(ran.works(attempt.number)):
            if isinstance(piece.work, Circuits):
                made = _machine(f"{attempt.number}-{ordinal}", piece.work, piece.result, ran)
                where = (piece.result.provenance.get("calibration"), *(row[0] for row in made.errors))
                if where in mapped:
                    made = replace(made, map=None, errors=())
                mapped.add(where)
                yield made


def _machine(name: str, work: Circuits[Any], result: RawResult, ran: WorkDone) -> MachineShown:
    about: Mapping[str, Any] = result.provenance
    calibration = _calibration(about.get("calibration"), ran.store)
    used = sorted(set(_used(result)))
    known = {each.qubit: each for each in calibration.qubits} if calibration else {}
    drawn = qubit_map.drawn(calibration, used, f"map-{name}") if calibration else None
    attempt, ordinal = name.split("-")
    return MachineShown(
        title=f"Attempt {attempt}, work {ordinal}: {about.get('device') or 'an unnamed device'}",
        facts=tuple(_facts(about, calibration, used, work.demand())),
        map=drawn,
        errors=tuple(_errors(known[qubit]) for qubit in used if qubit in known),
        circuits=tuple(_circuits(name, work)),
    )


def _calibration(digest: Any, store: Store) -> Calibration | None:
    """The snapshot of that digest; None where none was in force, or the store has lost it."""
    if not isinstance(digest, str):
        return None
    try:
        return Calibration.model_validate_json(store.get(digest))
    except CorruptRecord:
        return None


def _used(result: RawResult) -> Iterator[int]:
    """The device's numbers of the qubits that the circuits used, as far as the record tells."""
    for each in result.provenance.get("circuits") or ():
        yield from each.get("physical_qubits") or ()
    for name, blob in result.evidence.items():
        if name.endswith(".qasm"):
            yield from map(int, _PHYSICAL.findall(blob.data[:MOST_TEXT].decode(errors="replace")))


def _facts(
    about: Mapping[str, Any], calibration: Calibration | None, used: list[int], load: Demand
) -> Iterator[tuple[str, str]]:
    yield "kind of device", str(about.get("kind") or "not said")
    if calibration is not None:
        at = calibration.calibrated_at
        yield "processor", f"{calibration.processor or 'not said'}, {calibration.num_qubits} qubits"
        yield "calibrated", "not reported" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
        yield "snapshot of the calibration", str(about["calibration"])
    if used:
        yield "qubits used", ", ".join(map(str, used))
    yield "circuits and shots", f"{load.circuits} circuits, {load.shots} shots"
    fidelities = [
        each["expected_fidelity"]
        for each in about.get("circuits") or ()
        if isinstance(each.get("expected_fidelity"), float)
    ]
    if fidelities:
        yield "expected fidelity of the worst circuit", rounded(min(fidelities))
    if about.get("noise"):
        yield "noise", str(about["noise"])


def _errors(qubit: QubitCalibration) -> tuple[str, ...]:
    microseconds = [None if each is None else 1e6 * each for each in (qubit.t1_s, qubit.t2_s)]
    readout = None if qubit.readout_error is None else 100 * qubit.readout_error
    shown = ("not reported" if each is None else rounded(each) for each in (*microseconds, readout))
    return (str(qubit.qubit), *shown)


def _circuits(name: str, work: Circuits[Any]) -> Iterator[CircuitPicture]:
    for number, pub in enumerate(work.pubs[:MOST_CIRCUITS]):
        found = circuit.drawn(pub.qasm3[:MOST_TEXT], f"circuit-{name}-{number}")
        title = f"Circuit {number}, {pub.sets} parameter sets, as its method wrote it"
        if found is None:
            yield CircuitPicture(title, None, "It holds more than gates and is not drawn; its text is kept.")
        else:
            yield CircuitPicture(title, *found)
