"""Puts a case under the canary policy where it is one of the canary's share and the guard lets it."""

import logging
from dataclasses import replace
from functools import lru_cache

from escalation.engine.case import Case
from escalation.engine.runtime import Runtime
from escalation.model.case import CaseInfo
from escalation.model.errors import BadInput, TierwiseError, first_line
from escalation.policy.canary.choice import is_canary
from escalation.policy.canary.guard import guard
from escalation.policy.policy import LoadedPolicy, load_policy, parse_policy
from escalation.policy.policy_tests import require_passing

_log = logging.getLogger(__name__)
OF = "canary_of"
"""In a case's environment: the digest of the policy that a canary stands in for."""


def under_its_policy(runtime: Runtime, case: Case) -> Case:
    """The case under the canary, or as it is; one that is on record keeps the policy that it has there.

    A canary that cannot be used leaves the case as it is and says so.
    """
    settings = runtime.settings
    if settings.canary_policy is None or case.policy.policy != settings.canary_of:
        return case
    recorded = _recorded(runtime, case.case_id)
    if recorded is not None:
        return _again(case, recorded)
    if not is_canary(case.case_id, settings.canary_share):
        return case
    try:
        loaded = _loaded(settings.canary_policy)
        require_passing(loaded, case.family.name)
        changed = _under(case, loaded)
        if loaded.policy.digest == case.policy.digest or not changed.rungs():
            return case
        return changed if _goes_on(runtime, loaded, case) else case
    except TierwiseError as error:
        _log.warning("the canary policy is not used: %s", first_line(error, typed=False))
        return case


def _goes_on(runtime: Runtime, loaded: LoadedPolicy, case: Case) -> bool:
    """Whether the guard lets the canary go on; where it does not, that is recorded, once."""
    settings, digest = runtime.settings, loaded.policy.digest
    if runtime.ledger.begin_canary(digest, loaded.policy.policy, case.policy.policy):
        return True
    if runtime.ledger.canary_ended(digest):
        return False
    count = runtime.ledger.canary_count(digest, case.policy.policy, settings.canary_bound)
    found = guard(count, settings.canary_error)
    if found.because:
        runtime.ledger.end_canary(digest, found.because)
        _log.warning("the canary policy %s was ended: %s", loaded.policy.policy, found.because)
    return not found.because


def _recorded(runtime: Runtime, case_id: str) -> CaseInfo | None:
    try:
        return runtime.ledger.case(case_id).info
    except BadInput:
        return None


def _again(case: Case, recorded: CaseInfo) -> Case:
    """The case under the canary that it was opened under; as it is where it was not."""
    if recorded.environment.get(OF) != case.policy.digest:
        return case
    return _under(case, parse_policy(recorded.policy_text, recorded.policy_name))


def _under(case: Case, loaded: LoadedPolicy) -> Case:
    names = {
        "policy_name": loaded.policy.policy,
        "policy_digest": loaded.policy.digest,
        "policy_text": loaded.text,
        "environment": {**case.info.environment, OF: case.policy.digest},
    }
    info = case.info.model_copy(update=names)
    return replace(case, info=info, policy=loaded.policy, policy_path=loaded.path)


@lru_cache(maxsize=4)
def _loaded(name: str) -> LoadedPolicy:
    """The policy as it was when the process first asked for it."""
    return load_policy(name)
