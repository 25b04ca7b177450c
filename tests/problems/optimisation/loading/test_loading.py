"""From a problem file's words to a checked instance; what cannot be solved is refused before any solving."""

from pathlib import Path
from typing import Any

import pytest

from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from problems.optimisation.descriptor import DESCRIPTOR
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.graphs import heavy_hex_cut, planar_union_cut, random_cut, toroidal_cut
from problems.optimisation.generate.ward import ward
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import KINDS, Appointments, MaxCut, Triage

HERE = Path()


def test_the_sample_loads() -> None:
    loaded = load(DESCRIPTOR.sample, 1, HERE)
    assert isinstance(loaded.model, MaxCut)
    assert loaded.model.edges == (
        (0, 1, 3),
        (0, 3, 2),
        (0, 5, 1),
        (1, 2, 1),
        (1, 4, 2),
        (2, 3, 2),
        (3, 4, 1),
        (4, 5, 3),
    )
    assert (loaded.search_s, loaded.remarks, loaded.source) == (2, (), {"inline": True})


def test_files_are_named_with_their_digest_and_start_at_the_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    data = b"2 2\n1 2 1\n2 2 1\n"
    (tmp_path / "inner" / "g.rud").write_bytes(data)
    loaded = load({"kind": "max_cut", "file": "inner/g.rud"}, 1, tmp_path)
    assert loaded.source == {"file": "g.rud", "sha256": digest_bytes(data)}
    assert loaded.remarks[0].startswith("1 loop")
    assert loaded.search_s == 20


def test_generated_instances_use_the_problems_seed_or_their_own() -> None:
    clinics: dict[str, Any] = {"kind": "appointments", "generate": {"patients": 12, "load": 1.1}}
    assert load(clinics, 7, HERE).model == clinic(12, 7, load=1.1)
    assert load({"kind": "triage", "generate": {"patients": 9, "seed": 2}}, 7, HERE).model == ward(9, 2)
    assert load(clinics, 7, HERE).source["generate"]["seed"] == 7
    assert load(clinics, 7, HERE).digest != load(clinics, 8, HERE).digest


@pytest.mark.parametrize(
    ("shape", "model"),
    [
        ({"graph": "random", "vertices": 30, "density": 0.3}, random_cut(30, 5, 0.3)),
        ({"graph": "toroidal", "rows": 4, "columns": 5}, toroidal_cut(4, 5, 5)),
        ({"graph": "planar_union", "vertices": 20}, planar_union_cut(20, 5)),
        ({"graph": "heavy_hex", "rows": 3, "columns": 8}, heavy_hex_cut(3, 8, 5)),
    ],
)
def test_graphs_are_generated_by_name(shape: dict[str, Any], model: MaxCut) -> None:
    assert load({"kind": "max_cut", "generate": shape}, 5, HERE).model == model


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ({}, "instance.kind: expected one of qubo, max_cut, independent_set, appointments, triage, got none"),
        ({"kind": "tsp"}, "instance.kind: expected one of qubo, "),
        *(({"kind": kind}, "instance: expected exactly one source of: ") for kind in KINDS),
        ({"kind": "max_cut", "file": "a", "edges": []}, "got file and vertices"),
        (
            {"kind": "max_cut", "vertices": 0, "edges": []},
            "vertices: expected at least 1",
        ),
        (
            {"kind": "max_cut", "vertices": 3, "edges": []},
            "instance.edges: expected at least one edge to cut",
        ),
        ({"kind": "max_cut", "edges": [[1, 2]]}, "instance.vertices: expected, but missing"),
        ({"kind": "max_cut", "vertices": 3}, "instance.edges: expected, but missing"),
        ({"kind": "max_cut", "vertices": 3, "edges": [[1]]}, "instance: edges.0"),
        (
            {"kind": "max_cut", "vertices": 3, "edges": [[1, 4]]},
            "edges.0: expected a vertex from 1 to 3, got 4",
        ),
        ({"kind": "max_cut", "vertices": 3, "edges": [[1, 2]], "limit": 3}, "limit: unknown field"),
        ({"kind": "max_cut", "vertices": 3, "edges": [[1, 2]], "search_s": 0.1}, "search_s: "),
        ({"kind": "max_cut", "vertices": 3, "edges": [[1, 2]], "search_s": 3601}, "search_s: "),
        ({"kind": "max_cut", "vertices": 2, "edges": [[1, 2, 2**50]]}, "overflow"),
        ({"kind": "max_cut", "generate": {"graph": "torus"}}, "generate.graph: expected 'random'"),
        ({"kind": "max_cut", "generate": {"graph": "toroidal", "rows": 3}}, "needs rows and columns"),
        (
            {"kind": "max_cut", "generate": {"graph": "toroidal", "rows": 1000, "columns": 1000}},
            "a toroidal graph has at most 100000 vertices, got 1000000",
        ),
        (
            {"kind": "max_cut", "generate": {"graph": "random", "vertices": 100000}},
            "a random graph has at most 5000 vertices, got 100000",
        ),
        (
            {"kind": "qubo", "generate": {"variables": 100000}},
            "generate.variables: expected at most",
        ),
        (
            {"kind": "independent_set", "generate": {"vertices": 100000}},
            "generate.vertices: expected at most 5000",
        ),
        (
            {"kind": "max_cut", "generate": {"graph": "random", "vertices": 9, "rows": 3}},
            "a random graph has no rows; remove it",
        ),
        (
            {"kind": "independent_set", "generate": {"vertices": 2, "density": 1e-9}},
            "instance.generate: expected a graph with edges, got none",
        ),
        (
            {"kind": "independent_set", "vertices": 2, "edges": [[1, 1]]},
            "expected at least one edge, got none",
        ),
        ({"kind": "qubo", "linear": [1, 2]}, "instance.sense: expected maximise or minimise"),
        ({"kind": "qubo", "linear": [], "sense": "maximise"}, "instance.linear: expected one coefficient"),
        ({"kind": "qubo", "linear": [0.5], "sense": "maximise"}, "write decimals: 1"),
        (
            {"kind": "qubo", "file": "x.bqm", "number": 1},
            "number: would have no effect beside a .bqm file; remove it",
        ),
        ({"kind": "qubo", "file": "none.txt"}, "none.txt: no such file"),
        ({"kind": "appointments", "patients": "p", "resources": "r"}, "opens: expected, but missing"),
        (
            {"kind": "appointments", "patients": "p", "resources": "r", "opens": "Monday"},
            "opens: expected a date and time such as 2026-11-23T08:00, got 'Monday'",
        ),
        (
            {"kind": "appointments", "patients": "p", "resources": "r", "opens": "9999-12-31T08:00"},
            "opens: expected a year from 1900 to 2999, got '9999-12-31T08:00'",
        ),
        (
            {"kind": "max_cut", "vertices": 2, "edges": [[1, 2, True]]},
            "instance: edges.0.2: expected a number, got true",
        ),
        (
            {
                "kind": "appointments",
                "patients": "p",
                "resources": "r",
                "opens": "2026-11-23",
                "slot_min": 25,
            },
            "slot_min: expected a divisor of 60, got 25",
        ),
        (
            {"kind": "appointments", "generate": {"patients": 5}, "slot_min": 5},
            "slot_min: would have no effect beside generate; remove it",
        ),
        (
            {"kind": "qubo", "generate": {"variables": 5000, "density": 1}},
            "expected at most 2500000 pairs, got about 12497500: lower density or size",
        ),
        (
            {"kind": "max_cut", "generate": {"graph": "random", "vertices": 5000, "density": 1}},
            "expected at most 2500000 pairs, got about 12497500: lower density or size",
        ),
        (
            {"kind": "independent_set", "generate": {"vertices": 4000, "density": 0.5}},
            "expected at most 2500000 pairs, got about 3999000: lower density or size",
        ),
        ({"kind": "appointments", "generate": {"patients": 0}}, "generate.patients: "),
        ({"kind": "triage", "patients": "p.csv"}, "places: expected, but missing; tables are a pair"),
    ],
)
def test_what_cannot_be_loaded_is_one_clear_line(
    instance: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as error:
        load(instance, 1, tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def clinic_in(folder: Path, patients: str) -> dict[str, Any]:
    (folder / "p.csv").write_text(f"id,urgency,duration_min,skills,earliest,latest,required\n{patients}")
    (folder / "r.csv").write_text(
        "id,type,offers,from,to\ndr-1,clinician,general,09:00,12:00\n"
        "dr-2,clinician,echo;general,09:00,10:00\nroom-1,room,,09:00,12:00\nroom-2,room,,09:00,12:00\n"
    )
    return {"kind": "appointments", "patients": "p.csv", "resources": "r.csv", "opens": "2026-11-23T09:00"}


def test_a_patient_nobody_can_treat_is_named_with_file_and_line(tmp_path: Path) -> None:
    instance = clinic_in(tmp_path, "p1,1,30,general,,,\np2,1,90,echo,,,\n")
    with pytest.raises(BadInput) as error:
        load(instance, 1, tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'p.csv'}, line 3: patient p2: needs 90 minutes, longer than any shift of dr-2 "
        "(longest 60 minutes)"
    )


def test_demands_that_contradict_each_other_are_refused_in_the_users_words(tmp_path: Path) -> None:
    rows = "".join(f"p{k},3,30,{'echo' if k % 3 == 1 else 'general'},,,yes\n" for k in range(1, 8))
    with pytest.raises(BadInput) as error:
        load(clinic_in(tmp_path, rows), 1, tmp_path)
    assert str(error.value).startswith(
        "p1, p4 and p7 must be seen (required) and cannot all be: for echo there is only dr-2, with 60 "
        "minutes between 09:00 and 12:00; they need 90 minutes."
    )


def test_a_patient_nowhere_can_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,urgency,needs,beds\na,1,,1\nb,2,dialysis,1\n")
    (tmp_path / "w.csv").write_text("id,beds\nbay,2\n")
    with pytest.raises(BadInput, match=r"p\.csv, line 3: patient b: no place offers dialysis$"):
        load({"kind": "triage", "patients": "p.csv", "places": "w.csv"}, 1, tmp_path)


def test_clinics_and_wards_come_out_as_their_kinds() -> None:
    assert isinstance(
        load({"kind": "appointments", "generate": {"patients": 3}}, 1, HERE).model, Appointments
    )
    assert isinstance(load({"kind": "triage", "generate": {"patients": 3}}, 1, HERE).model, Triage)


def test_tables_that_would_take_minutes_to_compare_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,urgency,beds\n" + "".join(f"p{k},1,1\n" for k in range(2300)))
    (tmp_path / "w.csv").write_text("id,beds\n" + "".join(f"w{k},1\n" for k in range(2300)))
    with pytest.raises(BadInput, match="at most 5000000 pairs of a patient and one of the places, got 2300"):
        load({"kind": "triage", "patients": "p.csv", "places": "w.csv"}, 1, tmp_path)
