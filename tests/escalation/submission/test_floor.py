"""What a policy, a problem or a row may say: nothing of it gets work to hardware under the floor."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given
from hypothesis import settings as options
from hypothesis import strategies as st

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts, Caps
from escalation.model.calibration import DeviceKind
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import BadInput, Held, PolicyError
from escalation.model.problem import DataClass, Problem, Target
from escalation.model.submission import Limit, Period
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from escalation.ports.paid import FencedBackend
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import CHARGE_S, ModelService
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.submission.conftest import World

DEVICE = "ibm_runtime:ibm_fez"
CAP_USD = 6.4
"""Of the model's one job: 4 s at 1.6 USD."""


class Hardware(ModelBackend):
    """The model service, said to be hardware."""

    kind: ClassVar[DeviceKind] = DeviceKind.HARDWARE  # type: ignore[misc]


class Untracked:
    """No tracking."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


LIMIT = Limit(project="default", period=Period.TOTAL, caps=Caps(usd=50))


@dataclass(frozen=True)
class Site:
    """The settings of a site, and the limit in its ledger."""

    hardware_allowed: bool = True
    data_may_leave: tuple[DataClass, ...] = (DataClass.PUBLIC, DataClass.DEIDENTIFIED)
    unasked_usd: float | None = 100.0
    limit: Limit | None = LIMIT

    def allows(self, data_class: DataClass) -> bool:
        """The floor, in its own words: sent with nobody asked."""
        asked = self.unasked_usd is None or self.unasked_usd < CAP_USD
        limited = (
            self.limit is not None
            and self.limit.project in ("default", "*")
            and self.limit.caps.usd is not None
            and self.limit.caps.usd >= CAP_USD
        )
        return self.hardware_allowed and data_class in self.data_may_leave and limited and not asked


NUMBERS = count()


def run(folder: Path, policy: str, site: Site, data_class: DataClass, budget: Caps) -> tuple[Outcome, int]:
    """Solves a problem whose quantum work goes to hardware; returns the outcome and the jobs sent."""
    service, home = ModelService(), folder / str(next(NUMBERS))
    known = {name: getattr(site, name) for name in ("hardware_allowed", "data_may_leave", "unasked_usd")}
    settings = Settings(home=home, poll_s=0.01, settle_s=0, **known)
    store = FileStore(settings.store)
    runtime = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    runtime._backends[DEVICE] = Hardware(service)  # what the descriptor would open
    try:
        if site.limit is not None:
            runtime.ledger.set_limit(site.limit)
        problem = Problem(
            family="toy",
            instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
            target=Target(metric="number", at_least=9),
            budget=budget,
            data_class=data_class,
        )
        return solve(runtime, prepare(problem, parse_policy(policy), case_id="c")), len(service.jobs)
    finally:
        runtime.close()


BARE: dict[str, Any] = {
    "policy": "bare",
    "summary": "No gates, no approvals, no budget.",
    "tiers": ["quantum"],
    "backends": {"circuit_batch": DEVICE},
}

ALWAYS = [
    {"fact": "quote.usd", "at_least": "0 USD"},
    {"fact": "device.is_hardware", "equals": True},
    {
        "any": [
            {"fact": "problem.data_class", "one_of": ["public", "identifiable"]},
            {"fact": "quote.shots", "above": 0},
        ]
    },
]
"""Conditions that are met on hardware by nearly anything."""
rules = st.lists(st.sampled_from(ALWAYS), max_size=2)
policies = st.builds(
    lambda tiers, gates, unless, waived, submission, budget: {
        **BARE,
        "tiers": tiers,
        "backends": {"local_call": "local", "mpi_program": "mpi", "circuit_batch": DEVICE},
        "gates": [
            {"id": f"g{n}", "tier": "quantum", "because": "it is always met", "when": each}
            for n, each in enumerate(gates)
        ],
        "approvals": [
            {"id": f"a{n}", "tier": "quantum", "because": "it never asks", "unless": each}
            for n, each in enumerate(unless)
        ],
        "waivers": [{"gate": waived, "because": "let it pass, please"}] if waived else [],
        "submission": submission,
        "budget": budget,
    },
    st.just(["quantum"]),
    rules,
    rules,
    st.sampled_from([None, None, None, "g0", "floor_limit", "floor_approval", "floor_data_class"]),
    st.sampled_from([{}, {"approval_h": 8784}, {"wait_s": 1, "on_stop": "leave", "max_fidelity_loss": None}]),
    st.sampled_from([{}, {"usd": None, "qpu_s": None}, {"usd": 1e9}]),
)
sites = st.builds(
    Site,
    st.booleans(),
    st.lists(st.sampled_from(DataClass), unique=True).map(tuple),
    st.sampled_from([None, 0.0, CAP_USD, 100.0]),
    st.sampled_from(
        [
            None,
            Limit(project="default", period=Period.TOTAL, caps=Caps(usd=50)),
            Limit(project="*", period=Period.MONTH, caps=Caps(usd=50)),
            Limit(project="another", period=Period.TOTAL, caps=Caps(usd=50)),
            Limit(project="default", period=Period.TOTAL, caps=Caps(qpu_s=50)),
            Limit(project="default", period=Period.TOTAL, caps=Caps(usd=1)),
        ]
    ),
)


@options(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies, sites, st.sampled_from(DataClass), st.sampled_from([Caps(), Caps(usd=1e9, qpu_s=1e9)]))
@example(BARE, Site(), DataClass.PUBLIC, Caps())
@example(BARE, Site(unasked_usd=None), DataClass.IDENTIFIABLE, Caps())
def test_whatever_a_policy_says_work_is_sent_to_hardware_only_where_the_site_allows_it(
    tmp_path: Path, policy: dict[str, Any], site: Site, data_class: DataClass, budget: Caps
) -> None:
    try:
        outcome, sent = run(tmp_path, yaml.safe_dump(policy), site, data_class, budget)
    except PolicyError:  # waivers beside hardware, or of a rule that is no gate of the policy
        assume(False)
    assert sent == site.allows(data_class)
    assert (outcome.status is CaseStatus.ACCEPTED) == bool(sent)


@pytest.mark.parametrize(
    ("site", "data_class", "rule"),
    [
        (Site(hardware_allowed=False), DataClass.PUBLIC, "floor_hardware"),
        (Site(), DataClass.IDENTIFIABLE, "floor_data_class"),
        (Site(data_may_leave=()), DataClass.PUBLIC, "floor_data_class"),
        (Site(limit=None), DataClass.PUBLIC, "floor_limit"),
    ],
)
def test_a_decision_names_the_rule_of_the_floor_that_closed_hardware(
    tmp_path: Path, site: Site, data_class: DataClass, rule: str
) -> None:
    outcome, sent = run(tmp_path, yaml.safe_dump(BARE), site, data_class, Caps())
    assert (outcome.status, sent) == (CaseStatus.REFUSED, 0)
    assert [closed.gate for closed in outcome.decisions[-1].closed] == [rule]
    flip = outcome.decisions[-1].nearest_flip
    assert flip is not None
    assert flip.text.startswith("would have tried quantum")


def test_a_policy_that_asks_nobody_is_held_for_a_person_by_the_floor(tmp_path: Path) -> None:
    outcome, sent = run(tmp_path, yaml.safe_dump(BARE), Site(unasked_usd=None), DataClass.PUBLIC, Caps())
    assert (outcome.status, sent) == (CaseStatus.HELD, 0)
    assert [asked.gate for asked in outcome.decisions[-1].asks] == ["floor_approval"]


def test_no_rule_of_a_policy_may_pass_itself_off_as_the_floors() -> None:
    gate = {"id": "floor_limit", "tier": "quantum", "because": "it is always met", "when": ALWAYS[0]}
    with pytest.raises(PolicyError, match="which no policy sets"):
        parse_policy(yaml.safe_dump(BARE | {"gates": [gate]}))


@pytest.mark.parametrize("submission", [{"approval_h": 1e9}, {"wait_s": 1e300}, {"approval_h": float("inf")}])
def test_nothing_stands_for_longer_than_a_year(submission: dict[str, float]) -> None:
    with pytest.raises(PolicyError, match=r"policy:\d+: submission\.\w+: "):
        parse_policy(yaml.safe_dump(BARE | {"submission": submission}))


@pytest.fixture
def hardware(make_world: Callable[..., World]) -> World:
    """A submission to hardware, with everything allowed but by a person."""
    world = make_world()
    world.settings = world.settings.model_copy(
        update={"hardware_allowed": True, "data_may_leave": tuple(DataClass)}
    )
    world.backend = Hardware(world.service)
    world.ledger.set_limit(Limit(project="default", period=Period.TOTAL, caps=Caps(usd=50)))
    return world


def test_a_row_that_was_authorised_without_a_person_is_not_sent(hardware: World) -> None:
    result = hardware.run()  # no question: as an old case, or a hand-made one, comes
    assert (result.ok, hardware.service.jobs) == (False, {})
    assert hardware.row.reason == "no person approved these bytes at this price"
    assert hardware.ledger.reserved_for(hardware.row.key) == Amounts()


def test_a_row_on_which_nothing_is_set_aside_is_not_sent(hardware: World) -> None:
    hardware.settings = hardware.settings.model_copy(update={"unasked_usd": 100.0})
    kept = hardware.ledger.reserved_for
    try:
        hardware.ledger.reserved_for = lambda key: replace_usd(kept(key))  # type: ignore[method-assign]
        result = hardware.run()
    finally:
        hardware.ledger.reserved_for = kept  # type: ignore[method-assign]
    assert (result.ok, hardware.service.jobs) == (False, {})
    assert hardware.row.reason == "6.40 USD are not set aside for it"


def replace_usd(cost: Amounts) -> Amounts:
    """A cent less."""
    return cost.but(usd=cost.usd - 0.01)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hardware_allowed": False}, "the site allows no hardware"),
        ({"data_may_leave": ()}, "identifiable data may not leave the site"),
        ({"project": "another"}, "no limit in US dollars for project another"),
        ({"unasked_usd": 1.0}, "no person approved these bytes"),
    ],
)
def test_what_the_site_takes_back_after_the_money_was_set_aside_is_not_sent(
    hardware: World, change: dict[str, Any], said: str
) -> None:
    fine = hardware.settings.model_copy(update={"unasked_usd": 100.0})
    hardware.settings = fine
    context = hardware.context()
    assert isinstance(context.backend, FencedBackend)
    opened = context.backend.open_batch

    def meanwhile() -> str:
        context.settings = fine.model_copy(update=change)
        return opened()

    context.backend.open_batch = meanwhile  # type: ignore[method-assign]
    result = driven(hardware, context)
    assert (result.ok, hardware.service.jobs) == (False, {})
    assert hardware.row.reason.startswith(said)
    assert hardware.ledger.reserved_for(hardware.row.key) == Amounts()


def priced(world: World, usd_per_s: float) -> None:
    """Sets what a second costs, from now on."""
    world.backend.usd_per_s = usd_per_s
    world.clock.now += 60.0


def answered(world: World) -> None:
    """A person approves the question that stands."""
    [asked] = [each for each in world.ledger.approvals("c") if each.state == "asked"]
    world.ledger.answer(asked.approval_id, granted=True, by="ada", reason="", now=world.clock())


def test_a_price_that_rose_after_the_approval_is_asked_about_anew(hardware: World) -> None:
    hardware.approval, hardware.limit = True, Caps()
    hardware.ledger.set_limit(Limit(project="default", period=Period.TOTAL, caps=Caps(usd=100)))
    priced(hardware, 1.6)
    with pytest.raises(Held):
        hardware.run()
    answered(hardware)
    priced(hardware, 24.75)
    with pytest.raises(Held):
        hardware.run()
    assert hardware.service.jobs == {}
    first, second = hardware.ledger.approvals("c")
    assert (first.cap.usd, first.state, second.cap.usd, second.state) == (6.4, "granted", 99.0, "asked")
    answered(hardware)
    assert hardware.run().ok
    assert len(hardware.service.jobs) == 1
    assert hardware.spent.usd == pytest.approx(CHARGE_S * 24.75)


def test_a_price_that_rose_after_the_money_was_set_aside_is_asked_about_anew(hardware: World) -> None:
    hardware.approval, hardware.limit = True, Caps()
    priced(hardware, 1.6)
    with pytest.raises(Held):
        hardware.run()
    answered(hardware)
    context = hardware.context()
    assert isinstance(context.backend, FencedBackend)
    opened = context.backend.open_batch

    def meanwhile() -> str:
        priced(hardware, 3.2)
        context.settings = hardware.settings
        return opened()

    context.backend.open_batch = meanwhile  # type: ignore[method-assign]
    with pytest.raises(Held):
        driven(hardware, context)
    assert hardware.service.jobs == {}
    assert hardware.ledger.reserved_for(hardware.row.key) == Amounts()
    assert [(each.cap.usd, each.state) for each in hardware.ledger.approvals("c")] == [
        (6.4, "used"),
        (12.8, "asked"),
    ]
    assert hardware.ledger.findings() == ()


def test_a_price_that_rose_where_nobody_is_asked_is_refused(make_world: Callable[..., World]) -> None:
    world = make_world(quote=None)
    priced(world, 1.6)
    context = world.context()
    quota = context.backend.quota_left

    def meanwhile() -> tuple[float | None, str]:
        priced(world, 3.2)
        context.settings = world.settings
        return quota()

    context.backend.quota_left = meanwhile  # type: ignore[method-assign]
    result = driven(world, context)
    assert (result.ok, world.service.jobs) == (False, {})
    assert world.row.reason == "the price rose from 6.40 to 12.80 USD at most since it was agreed to"


def driven(world: World, context: Any) -> Any:
    """Carries the submission with the given parts."""
    from escalation.submission.drive import Pace, drive
    from tests.escalation.submission.conftest import KEY, WORK

    world.ledger.intend(KEY, WORK, "model")
    row = world.ledger.want_submission(KEY, WORK.digest, "model", world.clock())
    return drive(context, row, Pace(world.told.append))


@pytest.mark.parametrize(
    ("device", "url"),
    [
        ("practice_boston", "https://quantum.cloud.ibm.com/api/v1"),
        ("practice_boston", "http://127.0.0.1.example.org"),
        ("practice_boston", "http://localhost@example.org/"),
        ("practice_boston", None),
        ("ibm_boston", "http://127.0.0.1:8000"),
        ("ibm_boston", "https://localhost:8000"),
        ("IBM_boston", None),
    ],
)
def test_no_name_and_no_address_make_hardware_of_practice_or_practice_of_hardware(
    device: str, url: str | None, tmp_path: Path
) -> None:
    from backends.ibm_runtime.backend import open_backend
    from backends.ibm_runtime.settings import IbmSettings

    with pytest.raises(BadInput):
        open_backend(Settings(home=tmp_path).having(IbmSettings(ibm_url=url)), device)


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("", ()),
        ("public", (DataClass.PUBLIC,)),
        (" public , identifiable", (DataClass.PUBLIC, DataClass.IDENTIFIABLE)),
    ],
)
def test_the_classes_that_may_leave_are_listed_with_commas(
    monkeypatch: pytest.MonkeyPatch, value: str, allowed: tuple[DataClass, ...]
) -> None:
    monkeypatch.setenv("TIERWISE_DATA_MAY_LEAVE", value)
    assert Settings().data_may_leave == allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATA_MAY_LEAVE", "all"),
        ("UNASKED_USD", "nan"),
        ("UNASKED_USD", "inf"),
        ("USD_PER_QPU_S", "inf"),
        ("QUESTION_H", "-1"),
    ],
)
def test_a_floor_that_is_none_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TIERWISE_{name}", value)
    settings.cache_clear()
    try:
        with pytest.raises(BadInput, match=f"setting TIERWISE_{name}") as error:
            settings()
    finally:
        settings.cache_clear()
    assert "\n" not in str(error.value)
