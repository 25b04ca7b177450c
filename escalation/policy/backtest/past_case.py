"""A past case as its record has it: read in bulk, so only what is looked at is parsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator, core_schema, from_json

from escalation.model.attempt import Attempt
from escalation.model.case import CaseInfo, Outcome
from escalation.model.decision import Action, Decision
from escalation.model.frozen import Frozen
from escalation.model.problem import Problem

Json = Mapping[str, Any]


def _fields(**fields: core_schema.CoreSchema) -> core_schema.TypedDictSchema:
    stated = {
        name: core_schema.typed_dict_field(schema, required=name != "considered")
        for name, schema in fields.items()
    }
    return core_schema.typed_dict_schema(stated, extra_behavior="ignore")


_ANY = core_schema.any_schema()
_NAMES = ("number", "action", "tier", "method", "backend", "rule", "asks", "considered")
_DECISION = SchemaValidator(
    _fields(
        **dict.fromkeys(
            ("number", "action", "tier", "method", "backend", "rule", "asks", "considered"), _ANY
        ),
        facts=core_schema.list_schema(_fields(**dict.fromkeys(("subject", "name", "value"), _ANY))),
    )
)
"""What of a decision is looked at; to make nothing else of its text takes half the time."""


@dataclass(frozen=True)
class PastCase:
    """A case as texts of canonical JSON, as ledger and export hold them.

    Attributes:
        case_id: its id.
        status: how it stands.
        info_text: what it was opened with, but for the policy's text.
        policy_text: that.
        decision_texts: its decisions in order.
        attempt_texts: its finished attempts in order.
        outcome_text: what it came to; None where that was not read, or is not known.
    """

    case_id: str
    status: str
    info_text: str
    policy_text: str
    decision_texts: Sequence[str]
    attempt_texts: Sequence[str]
    outcome_text: str | None = None

    @cached_property
    def info(self) -> Json:
        """What it was opened with: `escalation.model.case.CaseInfo` as JSON, without the policy's text."""
        found: Json = from_json(self.info_text)
        return found

    @cached_property
    def decisions(self) -> Sequence[Json]:
        """The decisions in order: of `escalation.model.decision.Decision` as JSON, what has consequences."""
        return list(map(_DECISION.validate_json, self.decision_texts))

    @cached_property
    def attempts(self) -> Sequence[Json]:
        """The attempts, `escalation.model.attempt.Attempt` as JSON, in order."""
        return [from_json(text) for text in self.attempt_texts]

    @cached_property
    def problem(self) -> Problem:
        """What was asked."""
        return Problem.model_validate(self.info["problem"])

    def tried(self, number: int) -> tuple[Attempt, ...]:
        """The first attempts as objects."""
        return tuple(map(Attempt.model_validate, self.attempts[:number]))

    @cached_property
    def attempted(self) -> Sequence[int]:
        """By decision, how many attempts were made before it."""
        counts, so_far = [], 0
        for decision in self.decisions:
            counts.append(so_far)
            so_far += decision["action"] == Action.ATTEMPT
        return counts

    @property
    def unreadable(self) -> str:
        """The first of its rows that does not hold what it must, as `ledger check` names it; empty: none."""
        rows: list[tuple[str, str, type[Frozen]]] = [(f"cases {self.case_id}", self.info_text, CaseInfo)]
        if self.outcome_text is not None:
            rows.append((f"cases {self.case_id}", self.outcome_text, Outcome))
        for table, texts, model in (
            ("decisions", self.decision_texts, Decision),
            ("attempts", self.attempt_texts, Attempt),
        ):
            rows += [(f"{table} {self.case_id}/{number}", text, model) for number, text in enumerate(texts)]
        return next((name for name, text, model in rows if not _holds(text, model)), "")

    @cached_property
    def wall_s(self) -> float | None:
        """Elapsed seconds of the whole case; None where they are not known."""
        outcome = None if self.outcome_text is None else from_json(self.outcome_text)
        return None if outcome is None else float(outcome["cost"]["wall_s"])


def _holds(text: str, model: type[Frozen]) -> bool:
    try:
        model.model_validate_json(text)
    except ValidationError:
        return False
    return True
