"""Every way to give this family an instance, and what each field beside it changes, on small files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escalation.testing.sources import Source
from problems.optimisation.spec.spec import (
    AppointmentsSpec,
    IndependentSetSpec,
    MaxCutSpec,
    QuboSpec,
    TriageSpec,
)

BOTH = {"search_s": 3}
SEED = {"generate.seed": 7}
GRAPHS: Mapping[str, Mapping[str, Any]] = {
    "random": {"vertices": 12},
    "planar_union": {"vertices": 12},
    "toroidal": {"rows": 4, "columns": 5},
    "heavy_hex": {"rows": 3, "columns": 8},
}
CLINIC = {
    "generate.days": 2,
    "generate.slot_min": 10,
    "generate.load": 1.5,
    "generate.part_time": 0.9,
    "generate.cross_trained": 0.9,
    "generate.required": 0.3,
}
WARD = {"generate.beds": 0.5, "generate.nurses": 0.4, "generate.infected": 0.8, "generate.required": 0.3}


def sources(folder: Path) -> tuple[Source, ...]:
    """Writes a file of every format and returns every source of every kind."""
    _write(folder)
    return (*_qubo(), *_graphs(), *_tables())


def _qubo() -> tuple[Source, ...]:
    def source(name: str, fields: Mapping[str, Any], **takes: Any) -> Source:
        return Source(name, QuboSpec, {"kind": "qubo", **fields}, BOTH | takes)

    stated = {"decimals": 1, "offset": 5}
    generated = {"generate.density": 0.9, "generate.magnitude": 3, **SEED}
    return (
        source("OR-Library", {"file": "two.txt"}, sense="minimise", number=2, **stated),
        source("COO", {"file": "m.coo"}, sense="maximise", **stated),
        source("dimod .bqm", {"file": "m.bqm"}, sense="maximise", decimals=1),
        source("dimod .json", {"file": "m.json"}, sense="maximise", decimals=1),
        source("coefficients", {"linear": [1, -2], "sense": "maximise"}, quadratic=[[1, 2, 3]], **stated),
        source("generated qubo", {"generate": {"variables": 12}}, **generated),
    )


def _graphs() -> tuple[Source, ...]:
    edges = [[1, 2], [2, 3]]
    decimals = {"decimals": 1}

    def cut(name: str, fields: Mapping[str, Any], takes: Mapping[str, Any]) -> Source:
        return Source(name, MaxCutSpec, {"kind": "max_cut", **fields}, BOTH | dict(takes))

    def independent(name: str, fields: Mapping[str, Any], takes: Mapping[str, Any]) -> Source:
        return Source(name, IndependentSetSpec, {"kind": "independent_set", **fields}, BOTH | dict(takes))

    return (
        cut("rudy", {"file": "g.rud"}, decimals),
        cut("edges to cut", {"vertices": 3, "edges": edges}, decimals),
        *(
            cut(
                f"generated {graph} graph",
                {"generate": {"graph": graph, **shape}},
                SEED | ({"generate.density": 0.6} if "vertices" in shape else {}),
            )
            for graph, shape in GRAPHS.items()
        ),
        independent("DIMACS", {"file": "g.dimacs"}, {}),
        independent("edges of a set", {"vertices": 3, "edges": edges}, {}),
        independent("generated set", {"generate": {"vertices": 12}}, {"generate.density": 0.9, **SEED}),
    )


def _tables() -> tuple[Source, ...]:
    clinic = {"patients": "patients.csv", "resources": "resources.csv", "opens": "2026-11-23T08:00"}
    ward = {"patients": "waiting.csv", "places": "places.csv"}
    generate = {"generate": {"patients": 40}}

    def appointments(name: str, fields: Mapping[str, Any], takes: Mapping[str, Any]) -> Source:
        return Source(name, AppointmentsSpec, {"kind": "appointments", **fields}, BOTH | dict(takes))

    def triage(name: str, fields: Mapping[str, Any], takes: Mapping[str, Any]) -> Source:
        return Source(name, TriageSpec, {"kind": "triage", **fields}, BOTH | dict(takes))

    return (
        appointments("clinic tables", clinic, {"slot_min": 5, "refusal_h": 30}),
        appointments("generated clinic", generate, CLINIC | SEED),
        triage("ward tables", ward, {}),
        triage("generated ward", generate, WARD | SEED),
    )


def _write(folder: Path) -> None:
    import json
    from shutil import copyfileobj

    import dimod

    model = dimod.BinaryQuadraticModel({"a": 1, "b": -2}, {("a", "b"): 3}, 4, "SPIN")
    (folder / "m.json").write_text(json.dumps(model.to_serializable()))
    with (folder / "m.bqm").open("wb") as file, model.to_file() as written:
        copyfileobj(written, file)
    for name, text in _TEXTS.items():
        (folder / name).write_text(text)


_TEXTS = {
    "two.txt": "2\n2 2\n1 1 3\n1 2 4\n2 1\n1 2 5\n",
    "m.coo": "# vartype=SPIN\n0 1 1\n",
    "g.rud": "3 2\n1 2 3\n2 3 -2\n",
    "g.dimacs": "p edge 3 2\ne 1 2\ne 2 3\n",
    "patients.csv": "id,urgency,duration_min\np1,2,30\np2,1,20\n",
    "resources.csv": "id,type,from,to\nDr A,clinician,08:00,12:00\nRoom 1,room,08:00,12:00\n",
    "waiting.csv": "id,urgency,beds\np1,2,1\np2,1,1\n",
    "places.csv": "id,beds\nBay,1\n",
}
