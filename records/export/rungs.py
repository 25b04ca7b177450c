"""The rungs of a case as its record has them, in order: what its decisions chose among."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from escalation.model.calibration import DeviceKind
from escalation.model.errors import TierwiseError
from escalation.policy.policy import parse_policy
from escalation.ports.registry import backend_descriptor
from escalation.ports.registry import family as find_family
from records.export.payload import ExportPayload, Json

RUNGS = "rungs.json"
Rung = dict[str, Any]
_Key = tuple[str, str]


def rungs(found: ExportPayload, own: Sequence[Rung] = ()) -> list[Rung]:
    """Tier, method, backend of each, and whether that is hardware.

    Which there were, and in what order, the first decision says, which names them all: the code of today may
    know others. Where their work would have gone follows from the policy; where it went, from the attempts.

    Args:
        found: the rest of the payload.
        own: as the export has them; they are believed of a machine that is not installed here, or was not
            where the export was made.
    """
    decisions = [row["decision"] for row in found.read("decisions.json")]
    if not decisions:
        return []
    tried = (row["attempt"] for row in found.read("attempts.json"))
    went = {(each["tier"], each["method"]): each for each in tried}
    compared = [each for decision in decisions for each in decision.get("considered", ())]
    preferred = {(each["tier"], each["method"]): each["backend"] for each in compared if each["chosen"]}
    would = dict(_places(found.info, preferred))
    said = {(each["tier"], each["method"]): each for each in own}
    return [
        said[name]
        if name in said and name not in went and (name not in would or said[name]["backend"] == "")
        else _rung(name, went.get(name), would.get(name))
        for name in rung_names(decisions[0])
    ]


def rung_names(first: Json) -> Iterator[tuple[str, str]]:
    """The rungs that were passed over, the one taken, those left for later."""
    others = [(each["tier"], each["method"]) for each in first["alternatives"]]
    later = [each["because"] == "later in the order" for each in first["alternatives"]]
    cut = later.index(True) if True in later else len(others)
    taken = [(first["tier"], first["method"])] if first["tier"] else []
    yield from [*others[:cut], *taken, *others[cut:]]


def _places(info: Json, preferred: Mapping[_Key, str]) -> Iterator[tuple[_Key, tuple[str, str]]]:
    """By tier and method, the backend that its work would have gone to, and what that is.

    The one that was preferred among several, else the one that the policy names.
    """
    try:
        policy = parse_policy(info["policy_text"], info["policy_name"]).policy
        methods = find_family(info["problem"]["family"]).methods()
    except TierwiseError:  # of a site's own package that is not there any more
        return
    for method in methods:
        spec = preferred.get((method.tier, method.name)) or policy.backends.get(method.work_kind, "")
        try:
            descriptor, device = backend_descriptor(spec)
            yield (method.tier, method.name), (spec, descriptor.device_kind(device))
        except TierwiseError:
            continue


def _rung(name: tuple[str, str], went: Json | None, would: tuple[str, str] | None) -> Rung:
    backend, kind = (went["backend"], went["device_kind"]) if went else would or ("", "")
    return {
        "tier": str(name[0]),
        "method": name[1],
        "backend": backend,
        "hardware": kind == DeviceKind.HARDWARE,
    }
