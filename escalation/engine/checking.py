"""Everything that is wrong with a problem file, at once, and what would make it good."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escalation.engine.case import Case
from escalation.engine.opening import prepare_file
from escalation.inputs.document import Document
from escalation.inputs.validation import validated
from escalation.model.complaints import apart, collected, mended, settle
from escalation.model.errors import BadInput
from escalation.model.problem import ProblemFile, Target
from escalation.ports.registry import families, family, no_family


@dataclass(frozen=True)
class Checked:
    """A problem file that was looked at.

    Attributes:
        complaints: all that is wrong, in the order in which it was found.
        mends: the fields of `instance` that would make some of it good, whole.
        case: what would be solved; None where something is wrong.
    """

    complaints: tuple[BadInput, ...]
    mends: Mapping[str, Any]
    case: Case | None = None


def check_file(path: Path, policy: str | None = None) -> Checked:
    """Reads a problem file and its data as `solve` does, and writes nothing.

    Args:
        path: of the file.
        policy: wins over the one that the file names.
    """
    case: Case | None = None
    stated: Any = {}
    with collected() as found:
        document = Document.read(path)
        stated = document.data
        with apart():
            validated(ProblemFile, document)
        if found:
            _check_the_rest(stated, path.resolve().parent)
        settle()
        case = prepare_file(path, policy)
    instance = stated.get("instance") if isinstance(stated, dict) else None
    mends = mended(instance if isinstance(instance, dict) else {}, found)
    return Checked(tuple(found), mends, None if found else case)


def _check_the_rest(stated: Any, folder: Path) -> None:
    """The instance and the target of a file whose fields are not all good."""
    if not isinstance(stated, dict) or not isinstance(stated.get("family"), str):
        return
    if stated["family"] not in families():
        raise BadInput(no_family(stated["family"]))
    known = family(stated["family"])
    if isinstance(stated.get("instance"), dict):
        with apart():
            known.load(stated["instance"], 0, folder)
    with suppress(ValidationError), apart():
        known.check_target(_as_far_as_it_goes(stated.get("target")))


def _as_far_as_it_goes(target: Any) -> Target:
    """A target without the fields that are wrong by themselves, which has been said already."""
    try:
        return Target.model_validate(target)
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors() if each["loc"]}
        if not isinstance(target, dict) or not wrong:
            raise
        return Target.model_validate({name: value for name, value in target.items() if name not in wrong})
