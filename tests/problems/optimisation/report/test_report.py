"""The family's part of the report, read back with an HTML parser."""

import re
from base64 import b64decode
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from escalation.model.attempt import Attempt, AttemptStatus, Candidate
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.problem import Target, Tier
from escalation.model.quote import Quote
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Qubo
from problems.optimisation.model.points import Point, cost, encode
from problems.optimisation.report.exports import exports, schedule_calendar
from problems.optimisation.report.report import sections
from tests.problems.optimisation.small_clinic import at, clinic, ward

TARGET = Target(metric="gap", at_most=0.05)
EVIL = "<script>alert('&\"')</script>"
ROWS = ("objective", "bound: no answer is lower", "open gap")
POINT = at((0, 0, 49), (-1, -1, -1), (1, 1, 10))


class Page(HTMLParser):
    """Fails on a tag that is not closed in order; collects tags, ids, links and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: dict[str, str] = {}
        self.said = ""
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        named = {name: value or "" for name, value in attrs}
        self.ids += [named["id"]] if "id" in named else []
        if "href" in named:
            self.links[named.get("download", "")] = named["href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data + "\n"


def table(model: Model, point: Point) -> bytes:
    """The table that the answer can be downloaded as."""
    return exports(model, point, "t")[0].data


def solved(model: Model, point: Point, bound: int | None = None, **changes: Any) -> Candidate:
    values = {
        "kind": model.kind,
        "solution": encode(model, point),
        "objective": cost(model, point) * (-1 if model.sense == "maximise" else 1),
        "bound": bound,
        "engine": "cp_sat",
    }
    return Candidate(**({"values": values} | changes))


def solved_without_cost(model: Model, point: Point) -> Candidate:
    return Candidate({"solution": encode(model, point), "objective": 1, "bound": 1, "engine": "x"})


def tried(candidate: Candidate | None, status: str = "BOUNDED", number: int = 0, **changes: Any) -> Any:
    evidence = {"proof": "mip_dual", "objective": 920, "bound": 779.5, "how": "weak duality"}
    certificate = Certificate(
        status=CertificateStatus(status), kind="relative gap", value=0.12, verifier="v 1",
        evidence=evidence, reasons=("the gap 0.12 is above the target",),
    )  # fmt: skip
    fields = {
        "number": number, "tier": Tier.HPC, "method": "portfolio", "backend": "mpi",
        "device_kind": "classical", "seed": 1, "quote": Quote(), "status": AttemptStatus.NOT_CERTIFIED,
        "certificate": certificate if candidate else None,
    }  # fmt: skip
    return Attempt.model_validate(fields | changes), candidate


def page(model: Model, *tries: Any, remarks: tuple[str, ...] = (), source: Any = ()) -> Page:
    instance = OptimisationInstance(model, 20.0, dict(source), remarks)
    return Page("".join(section.html for section in sections(instance, TARGET, tries, None)))


def test_a_schedule_is_drawn_listed_and_can_be_downloaded() -> None:
    model = clinic("P1", "P2", "P3")
    found = page(model, tried(solved(model, POINT), judged_at="2026-11-20T10:00:00+00:00"))
    assert b64decode(found.links["schedule-attempt-0.csv"].partition(",")[2]) == table(model, POINT)
    assert b64decode(found.links["schedule-attempt-0.ics"].partition(",")[2]) == schedule_calendar(
        model, POINT, datetime(2026, 11, 20, 10, tzinfo=UTC)
    )
    assert "Not treated, 1:" in found.said
    assert "P2 (urgency 5)" in found.said
    assert "Schedule of Tuesday, 24 November 2026: 1 appointments" in found.said


def test_every_appointment_is_in_the_text_for_those_who_cannot_see_the_chart() -> None:
    model = clinic(*(f"P{k}" for k in range(130)))
    point = at(*((0, 0, 49) for _ in range(130)))  # at once: what is shown is not what is judged
    lines = page(model, tried(solved_without_cost(model, point))).said.split("\n")
    assert [line for line in lines if line.startswith("P") and line[1:].isdigit()][:130] == [
        f"P{k}" for k in range(130)
    ]
    assert not [line for line in lines if " more" in line]


def test_placements_are_drawn_listed_and_can_be_downloaded() -> None:
    model = ward("A", "B")
    found = page(model, tried(solved(model, at((0, -1, 0))[0][:2])))
    assert (
        b64decode(found.links["placements-attempt-0.csv"].partition(",")[2])
        == b"\xef\xbb\xbfpatient,place\r\nA,North\r\nB,\r\n"
    )
    assert "B (benefit 4)" in found.said


def test_objective_bound_and_gap_are_in_the_stated_unit() -> None:
    # waiting: 16 * 49 for P1, 16 * 56 for P2, who is refused, 16 * 10 for P3; two slots are an hour
    model = clinic("P1", "P2", "P3")
    found = page(model, tried(solved(model, POINT, bound=1564)))
    lines = [line.strip() for line in found.said.split("\n") if line]
    after = {name: lines[lines.index(name) + 1 :][:2] for name in ROWS}
    # the verifier's column is of its evidence in `tried`
    assert after == {
        "objective": ["920", "920"],
        "bound: no answer is lower": ["782", "779.5"],
        "open gap": ["138 (15 % of the objective)", "140.5 (15.2718 % of the objective)"],
    }
    assert "mip_dual" in lines
    assert "the gap 0.12 is above the target" in lines


@pytest.mark.parametrize(
    ("model", "bits", "said"),
    [
        (MaxCut(vertices=3, edges=((0, 1, 1), (1, 2, 1))), [0, 1, 0], "1 of 3"),
        (IndependentSet(vertices=3, edges=((0, 1),)), [0, 1, 1], "2 of 3"),
        (Qubo(linear=(1, -1, 3), quadratic=((0, 1, 2),)), [1, 0, 1], "2 of 3"),
    ],
)
def test_bits_are_counted_and_drawn(model: Model, bits: list[int], said: str) -> None:
    found = page(model, tried(solved(model, at((bits[0], bits[1], bits[2]))[0])))
    assert said in found.said
    assert "The answer as a graph of 3 vertices" in found.said
    assert list(found.links) == ["answer-attempt-0.csv"]


def test_large_objectives_are_shown_to_the_unit() -> None:
    # 116875000 units of 1/10000 are 11687.5
    model = MaxCut(vertices=2, edges=((0, 1, 116_875_000),), scale=10_000)
    story = [{"s": 1.0, "what": "objective", "value": 116_875_000, "engine": "tabu"}]
    found = page(model, tried(solved(model, at((0, 1, 0))[0][:2], 120_000_001, notes={"timeline": story})))
    lines = [line.strip() for line in found.said.split("\n") if line]
    assert lines[lines.index("objective") + 1] == "11687.5"
    assert lines[lines.index("bound: no answer is higher") + 1] == "12000.0001"
    assert "After 1 s: best 11687.5." in found.said


def test_a_large_graph_is_not_drawn() -> None:
    model = IndependentSet(vertices=61, edges=((0, 1),))
    assert "svg" not in page(model, tried(solved(model, at(*[(0, 1, 1)])[0].repeat(21)[:61]))).tags


def test_the_search_is_drawn_and_shared_out_among_the_engines() -> None:
    model = clinic("P1", "P2", "P3")
    story = [
        {"s": 0.5, "what": "objective", "value": 2000, "engine": "schedule_search", "rank": 1},
        {"s": 0.1, "what": "unchecked bound", "value": 1000, "engine": "highs", "rank": 0},
        {"s": 1.0, "what": "bound", "value": 1200, "engine": "relaxation", "rank": 0},
        {"s": 1.1, "what": "unchecked bound", "value": 1100, "engine": "cp_sat", "rank": 0},
        {"s": 2.5, "what": "objective", "value": 1840, "engine": "cp_sat", "rank": 0},
        {"s": 2.5, "what": "bound", "value": 1564, "engine": "cp_sat", "rank": 0},
        {"s": "late", "what": "objective", "value": 3},
        {"s": 1, "what": "objective", "value": 10**400},
        {"s": float("nan"), "what": "bound", "value": 1},
        {"s": -1, "what": "bound", "value": 1},
        "nonsense",
    ]
    engines = {
        "cp_sat": {"ranks": [0, 1], "points": 1, "bounds": 2, "best_objective": 1840, "best_bound": 1564},
        "relaxation": {"ranks": [0], "points": 0, "bounds": 1, "best_bound": 1200, "ended": ["no more"]},
        "nonsense": 3,
    }
    notes = {"timeline": story, "engines": engines, "stopped": "time", "determinism": "ended by the clock"}
    found = page(model, tried(solved(model, POINT, notes=notes)))
    assert "After 2.5 s: best 920; bound 782." in found.said
    assert "500 after 0.1 s, highs" in found.said
    assert "550 after 1.1 s" not in found.said  # 600 was known by then
    lines = [line.strip() for line in found.said.split("\n") if line]
    assert "cp_sat 0, 1 1 920 2 782 relaxation 0 0 – 1 600 no more" in " ".join(lines)
    assert "ended by the clock" in lines


def test_null_controls_stand_beside_the_quantum_answer() -> None:
    model = MaxCut(vertices=2, edges=((0, 1, 1),))
    attempt, candidate = tried(solved(model, at((0, 1, 0))[0][:2]))
    control = Control(name="random_bits", value=0.75, difference=0.25, p_value=0.01)
    compared = attempt.certificate.model_copy(update={"controls": (control,)})
    told = Candidate(candidate.values, notes={"reduction": {"qubits": 12}, "circuits": {"cz": 40}})
    found = page(model, (attempt.model_copy(update={"certificate": compared}), told))
    lines = [line.strip() for line in found.said.split("\n") if line]
    assert lines[lines.index("random_bits") + 1 :][:3] == ["0.75", "0.25", "0.01"]
    assert lines[lines.index("Circuits") + 1 :][:2] == ["cz", "40"]
    assert lines[lines.index("How the instance was made smaller") + 1 :][:2] == ["qubits", "12"]


def test_an_answer_that_was_not_verified_is_not_drawn() -> None:
    model = clinic("P1", "P2", "P3")
    found = page(model, tried(solved(model, POINT), status="INVALID"))
    assert "svg" not in found.tags
    assert found.links == {}
    assert "it was not verified" in found.said


def test_a_bound_without_an_answer_is_shown() -> None:
    values = {"kind": "appointments", "solution": None, "objective": None, "bound": 12, "engine": None}
    found = page(clinic("P1"), tried(Candidate(values=values), status="HEURISTIC"))
    assert "No answer was found." in found.said
    lines = [line.strip() for line in found.said.split("\n") if line]
    assert [lines[lines.index(name) + 1] for name in ROWS] == ["–", "6", "–"]  # two units are an hour


def test_an_attempt_without_a_candidate_says_why() -> None:
    assert "timed out after 3 s" in page(clinic("P1"), tried(None, error="timed out after 3 s")).said


def test_whatever_comes_from_data_is_escaped() -> None:
    model = clinic(EVIL, EVIL + "2", "P3", clinician=EVIL, room=EVIL)
    notes = {
        EVIL: EVIL,
        "timeline": [{"s": 1, "what": "bound", "value": 5, "engine": EVIL}],
        "x": [{EVIL: EVIL}],
    }
    attempt = tried(solved(model, POINT, notes=notes), error=EVIL)
    found = page(model, attempt, remarks=(EVIL,), source={EVIL: EVIL})
    assert "script" not in found.tags
    assert found.said.count(EVIL) > 8
    graph = MaxCut(vertices=2, edges=((0, 1, 1),), labels=(EVIL, "b"))
    assert "script" not in page(graph, tried(solved(graph, at((1, 0, 0))[0][:2]))).tags
    triage = ward(EVIL, "B", place=EVIL)
    assert "script" not in page(triage, tried(solved(triage, at((0, -1, 0))[0][:2]))).tags


def test_several_attempts_share_no_id_and_nothing_is_loaded_from_elsewhere() -> None:
    model = clinic("P1", "P2", "P3")
    notes = {"timeline": [{"s": 1.0, "what": "objective", "value": 1840, "engine": "cp_sat"}]}
    tries = [tried(solved(model, POINT, notes=notes), number=number) for number in range(3)]
    found = page(model, *tries)
    assert len(found.ids) == len(set(found.ids)) > 9
    assert len(found.links) == 6
    assert all(href.startswith("data:text/") for href in found.links.values())
    instance = OptimisationInstance(model, 20.0)
    html = "".join(section.html for section in sections(instance, TARGET, tries, None))
    assert not re.search(r'(src|href)="(?!#|data:)', html)
    assert sections(instance, TARGET, tries, None) == sections(instance, TARGET, tries, None)


@pytest.mark.parametrize("best", [0, 1])
def test_the_attempt_that_gave_the_answer_stands_open(best: int) -> None:
    model = clinic("P1", "P2", "P3")
    tries = [tried(solved(model, POINT), number=number, method=f"way_{number}") for number in range(2)]
    found = sections(OptimisationInstance(model, 20.0), TARGET, tries, tries[best][0])
    assert [part.title for part in found if not part.folded] == [f"Attempt {best}: way_{best} on mpi"]
