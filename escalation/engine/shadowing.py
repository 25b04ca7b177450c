"""Asks a shadow policy beside the acting one: what it would decide is recorded, and nothing looks at it.

It looks at what the acting policy's decision looked at, and at facts that are free and ask nothing of a
machine: it costs the case no quote, no question to a service, and nothing that could fail for its sake.
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from escalation.engine.case import Case
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Decide
from escalation.model.case import CaseStatus
from escalation.model.decision import Decision
from escalation.model.errors import first_line
from escalation.model.facts import CostClass, Fact
from escalation.model.identity import canonical_json
from escalation.policy.backtest.comparing import compare_decision
from escalation.policy.backtest.past_case import PastCase
from escalation.policy.backtest.plans import Plans
from escalation.policy.backtest.tally import line
from escalation.policy.backtest.trilean import UNTOLD, Told
from escalation.policy.checks import known_facts
from escalation.policy.ladder_state import Rung
from escalation.policy.policy import LoadedPolicy, load_policy

_log = logging.getLogger(__name__)
AtNoCost = Callable[[Rung, str], Fact]
_NOT_FREE = ("budget.", "quote.", "device.")
"""How names of facts begin that hang on caps or on a machine."""


def shadow(runtime: Runtime, case: Case, step: Decide, decision: Decision, at_no_cost: AtNoCost) -> None:
    """Records what the site's shadow policy would have decided; whatever fails is said and harms nothing.

    Args:
        runtime: whose settings name the policy.
        case: that was decided about.
        step: what was asked.
        decision: of the acting policy, recorded.
        at_no_cost: looks up a free fact.
    """
    name = runtime.settings.shadow_policy
    if name is None:
        return
    try:
        said = _said(name, case, step, decision, at_no_cost)
        if said:
            runtime.ledger.note_shadow(case.case_id, said)
    except Exception as error:
        _log.warning("case %s: the shadow policy left no trace: %s", case.case_id, first_line(error))


def _said(name: str, case: Case, step: Decide, decision: Decision, at_no_cost: AtNoCost) -> dict[str, Any]:
    try:
        loaded = _loaded(name)
        if loaded.policy.digest == case.policy.digest:
            return {}
        plans = Plans(loaded.policy)
        plans.know(case.policy)
        found = line(compare_decision(_past(case, step, decision), plans, _more(step, at_no_cost)))
    except Exception as error:
        return {"decision": decision.number, "policy": name, "failed": first_line(error)}
    del found["case"]
    for cost in ("saved", "at_most_usd"):  # of what has not happened yet
        found.pop(cost, None)
    return {"policy": loaded.policy.policy, "digest": loaded.policy.digest, **found}


@lru_cache(maxsize=4)
def _loaded(name: str) -> LoadedPolicy:
    """The policy as it was when the process first asked for it."""
    return load_policy(name)


def _more(step: Decide, at_no_cost: AtNoCost) -> Callable[[str, str], Told]:
    rungs = {str(rung): rung for rung in step.state.rungs}

    def more(subject: str, name: str) -> Told:
        if (
            subject not in rungs
            or name.startswith(_NOT_FREE)
            or known_facts()[name].cost is not CostClass.FREE
        ):
            return UNTOLD
        return at_no_cost(rungs[subject], name).value

    return more


def _past(case: Case, step: Decide, decision: Decision) -> PastCase:
    """The case as its record would have it if this decision had been the last."""
    return PastCase(
        case_id=case.case_id,
        status=CaseStatus.RUNNING,
        info_text=_text(case.info.to_json()),
        policy_text=case.info.policy_text,
        decision_texts=[_text(decision.to_json())],
        attempt_texts=[_text(attempt.to_json()) for attempt in step.state.attempts],
        outcome_text=_text({"cost": {"wall_s": step.spent.wall_s}}),
    )


def _text(value: Any) -> str:
    return canonical_json(value).decode()
