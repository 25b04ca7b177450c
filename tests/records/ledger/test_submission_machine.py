"""Random lives of a submission: workers, crashes, zombies, faults, people, time; never paid twice.

A real ledger, the engine's own steps, and a service in memory that keeps to what each strategy assumes
(`escalation.ports.exactly_once`), and to no more. Everything else may happen, at any call of ledger, store or
service. The lives are shared between the strategies. The default run is short and always the same;
`pytest tests/records/ledger/test_submission_machine.py --hypothesis-profile=long` takes other ways each time.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from escalation.model.case import WorkKey
from escalation.model.errors import BadInput, TierwiseError
from escalation.model.submission import ApprovalState, Period, Submission
from escalation.model.submission_states import SubmissionState
from escalation.submission import person
from escalation.testing.model_service import CHARGE_S
from records.ledger.ledger import SqlLedger
from tests.records.ledger.submission_world import (
    ASKED_ABOUT,
    KEYS,
    PROJECT_ROOM,
    ROOM,
    SETTLE_S,
    WORKS,
    Worker,
    World,
)

S = SubmissionState
BEFORE_THE_POST = {
    "fence": (S.WANTED, S.FROZEN, S.AUTHORISED),
    "client token": (S.WANTED, S.FROZEN),
    "chosen id": (S.WANTED, S.FROZEN),
}
LOOKS = 5
"""Times that a person has parked work looked for again before giving it up."""
FAULTS = {
    "open_batch": ("before", "after"),
    "close_batch": ("before", "after", "down"),
    "find": ("before", "down"),
    "look": ("before",),
    "fetch": ("before", "garbage"),
    "usage": ("before",),
    "calibration_for": ("before",),
    "cancel_job": ("before",),
    "send": ("never", "later", "taken never", "taken later"),
}
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""No power cut is tested here, so that there need be no waiting for disks."""

keys = st.sampled_from(KEYS)
workers = st.integers(0, 1)
posts = st.sampled_from(["before", "after", "late", "later", "unsent", "taken later", "taken never"])
jumps = st.sampled_from([-4000.0, -61.0, 61.0, 4000.0])
ENDS: Counter[tuple[str, SubmissionState]] = Counter()
"""How the submissions of all runs ended, by strategy."""


class SubmissionMachine(RuleBasedStateMachine):
    """Rules are what may happen next; invariants hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="tierwise-machine-", dir=IN_MEMORY)

    @property
    def ledger(self) -> SqlLedger:
        return self.world.ledger

    def row(self, key: WorkKey) -> Submission:
        found = self.ledger.find_submission(key)
        assert found is not None
        return found

    @initialize(
        strategy=st.sampled_from(list(BEFORE_THE_POST)),
        key_lifetime_s=st.sampled_from([100.0, 900.0, 86400.0]),
        lag_s=st.sampled_from([0.0, 20.0, SETTLE_S - 1]),
        late_s=st.sampled_from([5.0, 100.0, 2000.0]),
        queue_s=st.sampled_from([0.0, 10.0, 400.0]),
        bill_s=st.sampled_from([0.0, 30.0, 2000.0]),
        posts=st.lists(posts, max_size=4),
    )
    def is_like_that(self, strategy: str, posts: list[str], **seconds: float) -> None:
        self.world = World(Path(self.folder.name), strategy)
        self.world.begin()
        self.workers = [Worker(self.world) for _ in range(2)]
        if strategy != "fence":  # no batch keeps a late POST out: it comes, and is listed, in time
            seconds["late_s"] = min(seconds["late_s"], SETTLE_S - 1 - seconds["lag_s"])
        for name, value in seconds.items():
            setattr(self.world.service, name, value)
        self.world.service.faults["send"] = posts

    @rule(who=workers, key=keys, times=st.integers(1, 12), pause_s=st.sampled_from([0.0, 5.0, 30.0]))
    def works(self, who: int, key: WorkKey, times: int, pause_s: float) -> None:
        for _ in range(times):
            self.world.clock.now += pause_s + self.workers[who].step(key)

    @rule(by_s=jumps)
    def somebody_sets_the_clock(self, by_s: float) -> None:
        self.world.clock.set_by += by_s

    @rule(who=workers, key=keys, word=st.sampled_from(["after", "taken later", "taken never"]), by_s=jumps)
    def the_clock_is_set_in_a_doubt(self, who: int, key: WorkKey, word: str, by_s: float) -> None:
        for _ in range(6):
            if self.row(key).state not in BEFORE_THE_POST[self.world.strategy]:
                break
            self.workers[who].step(key)
        self.world.service.faults.setdefault("send", []).insert(0, word)
        for _ in range(3):
            self.workers[who].step(key)
        self.world.clock.set_by += by_s
        for _ in range(3):
            self.workers[who].step(key)

    @rule()
    def the_machine_is_rebooted(self) -> None:
        for worker in self.workers:
            worker.crash()
        self.world.clock.boot += 1
        self.world.believe_dead()

    @rule(who=workers, key=keys, at=st.integers(0, 15))
    def is_killed_at_work(self, who: int, key: WorkKey, at: int) -> None:
        self.workers[who].step(key, "kill", at)

    @rule(who=workers, key=keys, at=st.integers(0, 15))
    def stalls_and_is_taken_for_dead(self, who: int, key: WorkKey, at: int) -> None:
        self.workers[who].step(key, "stall", at)
        self.world.believe_dead()

    @rule(who=workers, key=keys, how=st.sampled_from(["stall", "kill", "late"]), after=st.booleans())
    def something_happens_around_the_post(self, who: int, key: WorkKey, how: str, after: bool) -> None:
        for _ in range(6):
            if self.row(key).state not in BEFORE_THE_POST[self.world.strategy]:
                break
            self.workers[who].step(key)
        if how == "late":
            self.world.service.faults.setdefault("send", []).insert(0, "late")
            self.workers[who].step(key)
        else:
            self.workers[who].step(key, how, "after send" if after else "before send")
            self.world.believe_dead()

    @rule(who=workers, dies=st.booleans())
    def goes_on_or_dies_where_it_stalled(self, who: int, dies: bool) -> None:
        self.workers[who].go_on(dies)

    @rule(seconds=st.sampled_from([1.0, 61.0, 301.0, 700.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.now += seconds

    @rule(fault=st.sampled_from([(verb, word) for verb, words in FAULTS.items() for word in words]))
    def something_will_fail(self, fault: tuple[str, str]) -> None:
        self.world.service.faults.setdefault(fault[0], []).append(fault[1])

    @rule(word=posts)
    def the_next_post_will_fail(self, word: str) -> None:
        self.world.service.faults.setdefault("send", []).insert(0, word)

    @rule()
    def the_service_recovers(self) -> None:
        self.world.service.faults.clear()

    @rule(granted=st.sampled_from([True, True, False]))
    def a_person_answers(self, granted: bool) -> None:
        for asked in self.ledger.approvals():
            with suppress(BadInput):
                now = self.world.clock()
                self.ledger.answer(asked.approval_id, granted=granted, by="Ada", reason="no", now=now)

    @rule(key=keys, what=st.sampled_from(["park", "look", "adopt", "cancel"]))
    def a_person_acts(self, key: WorkKey, what: str) -> None:
        row, who = self.row(key), person.Person("Ada", self.world.clock())
        backend = self.world.machine()
        acts: dict[str, Callable[[], Any]] = {
            "park": lambda: person.park(self.ledger, row, who),
            "look": lambda: person.look(self.ledger, row, who),
            "adopt": lambda: self._adopt(row, who),
            "cancel": lambda: person.cancel(self.ledger, row, who, lambda name: backend),
        }
        with suppress(TierwiseError):
            acts[what]()

    def _adopt(self, row: Submission, who: person.Person) -> None:
        for job in self.world.service.with_tag(row.tag)[:1]:
            person.adopt(self.ledger, self.world.machine(), row, job.job_id, who)

    @invariant()
    def nothing_is_paid_twice_or_unasked(self) -> None:
        self._check_jobs()
        self._check_budgets()

    def _check_jobs(self) -> None:
        used = [each.key for each in self.ledger.approvals() if each.state is ApprovalState.USED]
        for row in self.ledger.submissions():
            jobs = self.world.service.with_tag(row.tag)
            assert len(jobs) <= 1
            assert not jobs or row.state is not S.REFUSED
            assert not jobs or row.key != ASKED_ABOUT or used == [ASKED_ABOUT]

    def _check_budgets(self) -> None:
        reserved, spent = self.ledger.spending("p", Period.TOTAL, 0.0)
        assert ROOM.qpu_s is not None
        assert reserved.qpu_s + spent.qpu_s <= ROOM.qpu_s
        assert PROJECT_ROOM.caps.usd is not None
        assert reserved.usd + spent.usd <= PROJECT_ROOM.caps.usd
        charged_s = CHARGE_S * len(self.world.service.paid)
        assert charged_s <= reserved.qpu_s + spent.qpu_s  # what runs is paid for out of a budget

    def teardown(self) -> None:
        try:
            self._bring_to_an_end()
            for worker in self.workers:  # whoever still stalls comes too late
                worker.go_on()
            self.world.clock.now += 10_000
            self.world.service.arrive()
            self.nothing_is_paid_twice_or_unasked()
            self._check_ends()
            self.ledger.verify()
        finally:
            for worker in self.workers:
                worker.close()
            self.world.close()
            self.folder.cleanup()

    def _bring_to_an_end(self) -> None:
        """The service is well again, and somebody looks after everything: all of it must come to an end."""
        self.world.service.faults.clear()
        self.world.believe_dead()
        last, looks = Worker(self.world), Counter[WorkKey]()
        for _ in range(400):
            rows = [row for row in map(self.row, KEYS) if not row.state.final]
            if not rows:
                break
            for row in rows:
                if row.state is S.PARKED:
                    self.a_person_acts(row.key, "look" if looks[row.key] < LOOKS else "cancel")
                    looks[row.key] += 1
                elif row.state is S.ASKED:
                    self.a_person_answers(True)
                self.world.clock.now += 20.0 + last.step(row.key)
            self._check_budgets()
        last.close()
        assert [row.state for row in map(self.row, KEYS) if not row.state.final] == []

    def _check_ends(self) -> None:
        for row in map(self.row, KEYS):
            assert row.state.final
            ENDS[self.world.strategy, row.state] += 1
            jobs = self.world.service.with_tag(row.tag)
            if row.state is S.DONE:
                assert [job.job_id for job in jobs] == [row.job_id]
                assert self.ledger.find_result(row.key, WORKS[row.key]) is not None


SHORT = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    print_blob=False,
    database=None,
    phases=[Phase.generate],
)


def test_no_life_of_a_submission_pays_twice_or_unasked_and_every_one_ends() -> None:
    long = settings.get_current_profile_name() == "long"
    run_state_machine_as_test(SubmissionMachine, settings=settings() if long else SHORT)
    assert {end for _, end in ENDS} == {S.DONE, S.REFUSED, S.CANCELLED}
    for end in (S.DONE, S.REFUSED):
        assert {strategy for strategy, ended in ENDS if ended is end} == set(BEFORE_THE_POST)
