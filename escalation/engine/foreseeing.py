"""What a case could show at best, said before any tier runs."""

from dataclasses import replace

from escalation.engine.case import Case
from escalation.ports.families import Foresees


def foreseen(case: Case) -> Case:
    """The case with what its family can certify at best under its policy, among the remarks where it falls
    short of the target."""
    if not isinstance(case.family, Foresees):
        return case
    found = case.family.at_best(case.instance, case.problem.target, case.alpha)
    said = {**case.info.instance, "remarks": [*found.said, *case.info.told]}
    info = case.info.model_copy(update={"instance": said}) if found.said else case.info
    return replace(case, info=info, at_best=found)
