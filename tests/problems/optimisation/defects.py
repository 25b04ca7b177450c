"""Candidates with answers, values and files that are not so, each made from an honest one by one change."""

import math
import zlib
from collections.abc import Iterator
from typing import Any

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from problems.optimisation.model.models import sign
from problems.optimisation.proofs.model import pack
from tests.problems.optimisation.honest import MODELS, PROOFS, honest

Defects = Iterator[tuple[str, Candidate]]
TYPES: dict[str, Any] = {
    "null": None,
    "text": "12",
    "float": 12.0,
    "NaN": math.nan,
    "infinite": math.inf,
    "bool": True,
    "list": [1],
    "huge": 10**400,
}


def visit(patient: str, clinician: str, room: str, start: Any) -> dict[str, Any]:
    return {"patient": patient, "clinician": clinician, "room": room, "start": start}


def _visits(*visits: Any) -> dict[str, Any]:
    return {"appointments": list(visits)}


FINE = visit("p1", "Chen", "r1", 4)
INFEASIBLE: dict[str, list[tuple[str, Any, int]]] = {
    # what is wrong, the answer, and the objective that it would have if nothing were
    "max_cut": [
        ("a bit too few", {"bits": "010101"}, 50),
        ("a bit too many", {"bits": "01010101"}, 50),
        ("a third side", {"bits": "0101012"}, 50),
        ("bits as numbers", {"bits": [0, 1, 0, 1, 0, 1, 0]}, 50),
        ("another field", {"sides": "0101010"}, 50),
        ("digits of another script", {"bits": "０101010"}, 50),
    ],
    "qubo_min": [
        ("a bit too few", {"bits": "010101"}, -20),
        ("a half bit", {"bits": "010101."}, -20),
        ("two fields", {"bits": "0101010", "vertices": []}, -20),
    ],
    "qubo_max": [("blank bits", {"bits": " 101010"}, 20), ("no bits", {"bits": ""}, 20)],
    "independent_set": [
        ("an edge inside", {"vertices": ["a", "b", "f", "h"]}, 4),
        ("five vertices with an edge", {"vertices": ["a", "c", "e", "f", "h"]}, 5),
        ("a vertex twice", {"vertices": ["a", "c", "f", "f"]}, 4),
        ("an unknown vertex", {"vertices": ["a", "c", "f", "k"]}, 4),
        ("vertices by number", {"vertices": [0, 2, 5, 7]}, 4),
        ("vertices by position", {"vertices": ["1", "3", "6", "8"]}, 4),
        ("a dictionary of vertices", {"vertices": {"a": 1, "c": 1}}, 2),
    ],
    "appointments": [
        ("a room twice at once", _visits(visit("p1", "Haddad", "r1", 0), visit("p2", "Chen", "r1", 1)), 8),
        (
            "a clinician twice at once",
            _visits(visit("p1", "Haddad", "r1", 1), visit("p3", "Haddad", "r2", 2)),
            22,
        ),
        ("a skill missing", _visits(FINE, visit("p2", "Haddad", "r1", 1)), 24),
        ("equipment missing", _visits(FINE, visit("p3", "Haddad", "r2", 2)), 34),
        ("across a break of the clinician", _visits(visit("p1", "Chen", "r1", 1)), 28),
        ("after the clinician's shift", _visits(visit("p1", "Haddad", "r1", 2)), 32),
        ("before the room opens", _visits(visit("p1", "Haddad", "r2", 0)), 24),
        ("after the room closes", _visits(visit("p1", "Chen", "r2", 5)), 44),
        ("before the patient can come", _visits(FINE, visit("p2", "Chen", "r1", 0)), 22),
        (
            "after the patient must leave",
            _visits(visit("p1", "Haddad", "r1", 0), visit("p3", "Chen", "r1", 5)),
            21,
        ),
        ("a required patient left out", _visits(visit("p2", "Chen", "r1", 1)), 40),
        ("a patient twice", _visits(FINE, FINE), 40),
        ("an unknown patient", _visits(FINE, visit("p4", "Haddad", "r1", 0)), 40),
        ("an unknown clinician", _visits(visit("p1", "Grey", "r1", 0)), 24),
        ("an unknown room", _visits(visit("p1", "Haddad", "r3", 0)), 24),
        ("a start before all times", _visits(visit("p1", "Haddad", "r1", -1)), 20),
        ("a start that is a float", _visits(visit("p1", "Haddad", "r1", 0.0)), 24),
        ("a start that is false", _visits(visit("p1", "Haddad", "r1", False)), 24),
        ("a start that is text", _visits(visit("p1", "Haddad", "r1", "0")), 24),
        ("a start that is NaN", _visits(visit("p1", "Haddad", "r1", math.nan)), 24),
        ("a start beyond all numbers", _visits(visit("p1", "Haddad", "r1", 10**5000)), 24),
        ("a field missing", _visits({"patient": "p1", "room": "r1", "start": 0}), 24),
        ("a field more", _visits(FINE | {"end": 7}), 40),
        ("a number for an appointment", _visits(FINE, 7), 40),
    ],
    "triage": [
        ("too many beds", {"placements": {"b": "South", "d": "South"}}, 480),
        ("too many hours", {"placements": {"a": "North", "e": "North", "d": "South"}}, 1260),
        ("cohorts mixed", {"placements": {"a": "North", "b": "North", "d": "South"}}, 1060),
        ("a need not met", {"placements": {"c": "South", "d": "North"}}, 440),
        ("a required patient left out", {"placements": {"e": "North"}}, 600),
        ("an unknown patient", {"placements": {"d": "North", "z": "South"}}, 200),
        ("an unknown place", {"placements": {"d": "North", "a": "West"}}, 700),
        ("a place that is null", {"placements": {"d": "North", "a": None}}, 200),
        ("a place by number", {"placements": {"d": 0}}, 200),
        ("a list of placements", {"placements": [["d", "North"]]}, 200),
    ],
}


def with_values(sent: Candidate, **values: Any) -> Candidate:
    return Candidate(dict(sent.values) | values, sent.files)


def with_file(sent: Candidate, data: bytes) -> Candidate:
    return Candidate(sent.values, {"proofs": Blob(data)})


def infeasible(name: str) -> Defects:
    for what, solution, objective in INFEASIBLE[name]:
        yield what, with_values(honest(name, "cp_sat"), solution=solution, objective=objective, bound=None)


def misstated(name: str) -> Defects:
    """Values that are wrong, missing or of no type that they can have."""
    model, sent = MODELS[name], honest(name, "mip_tree")
    objective, bound, better = sent.values["objective"], sent.values["bound"], -sign(model)
    yield "an objective a unit too good", with_values(sent, objective=objective + better)
    yield "an objective a unit too bad", with_values(sent, objective=objective - better)
    yield "an objective of the other sign", with_values(sent, objective=-objective)
    yield "a bound a unit too good", with_values(sent, bound=bound - better)
    yield "a bound far too good", with_values(sent, bound=bound - 10**6 * better)
    weak = honest(name, "dual")
    if weak.values["bound"] != objective:
        yield "a bound that no proof claims", with_values(weak, bound=objective)
    for field in ("objective", "bound"):
        for what, value in TYPES.items():
            if value is not None or field == "objective":
                yield f"{field}: {what}", with_values(sent, **{field: value})
    for field in sent.values:
        yield f"{field} missing", Candidate({k: v for k, v in sent.values.items() if k != field}, sent.files)
    for other in ("tsp", "", None, ["max_cut"], "qubo" if model.kind != "qubo" else "max_cut"):
        yield f"kind: {other!r}", with_values(sent, kind=other)
    yield "an engine that is a number", with_values(sent, engine=3)
    yield "an engine of half a character", with_values(sent, engine="\ud800")
    yield "an engine of many lines", with_values(sent, engine="highs\nCERTIFIED")
    yield "a kind of half a character", with_values(sent, kind="\ud800")
    yield "no answer", with_values(sent, solution=None)
    yield "an answer to all kinds", with_values(sent, solution=dict.fromkeys(("bits", "vertices"), ""))
    yield "nothing", Candidate()
    yield "a null control of nothing", Candidate(sent.values, sent.files, {"random bits": Candidate()})


def garbled(name: str) -> Defects:
    """Files that hold no proofs."""
    sent = honest(name, "mip_tree")
    data = sent.files["proofs"].data
    yield "no file", Candidate(sent.values)
    yield "a file of another name", Candidate(sent.values, {"proof": sent.files["proofs"]})
    for part in (0, 1, len(data) // 2, len(data) - 1):
        yield f"the first {part} bytes", with_file(sent, data[:part])
    yield "a byte more", with_file(sent, data + b"0")
    yield "bytes turned", with_file(sent, data[::-1])
    yield "a byte changed", with_file(sent, data[:20] + bytes([data[20] ^ 255]) + data[21:])
    for text in (
        b"",
        b"{}",
        b"null",
        b"[1]",
        b"[[]]",
        b"[{}]",
        b"[" * 100_000,
        b'[{"kind":"tree","bound":1.0}]',
        b'[{"kind":"tree","bound":true}]',
        b'[{"kind":"tree","bound":NaN}]',
        b'[{"kind":7,"bound":1}]',
        b'[{"kind":"tree","bound":' + b"9" * 5000 + b"}]",
        b'[{"kind":"faith","bound":-1000000}]',
        b'[{"kind":"\\ud800","bound":-1000000}]',
        b'[{"kind":"tree\\n","bound":-1000000}]',
        b'[{"kind":"tree","bound":-' + b"9" * 100 + b"}]",
        b"\xff\xfe",
    ):
        yield f"{text[:30]!r}", with_file(with_values(sent, bound=None), zlib.compress(text))
    yield "too many proofs", with_file(sent, pack([PROOFS["dual"](name)] * 17))
