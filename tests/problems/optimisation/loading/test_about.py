"""Every kind, from every source, says what it is about in a line."""

from pathlib import Path
from typing import Any

import pytest

from problems.optimisation.loading.loading import load

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.mark.parametrize(
    ("instance", "said"),
    [
        (
            {"kind": "triage", "patients": "triage/patients.csv", "places": "triage/places.csv"},
            "triage: patients.csv and places.csv, 14 patients, 5 places",
        ),
        (
            {"kind": "qubo", "linear": [1, 2, 3], "quadratic": [[1, 2, -4]], "sense": "minimise"},
            "qubo: written in the problem file, 3 variables, 1 products",
        ),
        (
            {"kind": "max_cut", "generate": {"graph": "toroidal", "rows": 3, "columns": 4, "seed": 5}},
            "max cut: generated from seed 5, 12 vertices, 24 edges",
        ),
        (
            {"kind": "independent_set", "vertices": 3, "edges": [[1, 2], [2, 3]]},
            "independent set: written in the problem file, 3 vertices, 2 edges",
        ),
    ],
)
def test_it_says_what_it_is_about(instance: dict[str, Any], said: str) -> None:
    assert load(instance, 1, EXAMPLES).about() == said


def test_a_file_and_a_clinic_are_named(tmp_path: Path) -> None:
    (tmp_path / "g.rud").write_text("2 1\n1 2 1\n")
    assert (
        load({"kind": "max_cut", "file": "g.rud"}, 1, tmp_path).about()
        == "max cut: g.rud, 2 vertices, 1 edges"
    )
    clinic = load({"kind": "appointments", "generate": {"patients": 8}}, 3, tmp_path).about()
    assert clinic.startswith("appointments: generated from seed 3, 8 patients, ")
