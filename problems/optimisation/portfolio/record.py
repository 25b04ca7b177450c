"""What a portfolio returns: the best answer and proofs of all ranks, and who found what when."""

import json
import math
from typing import Any

import numpy as np

from escalation.model.output import Output
from problems.optimisation.engines.catalogue import deterministic
from problems.optimisation.model import points
from problems.optimisation.model.models import Model, sign
from problems.optimisation.portfolio.exchange import SharedIncumbent
from problems.optimisation.portfolio.plan import Plan
from problems.optimisation.portfolio.scheduler import EngineScheduler
from problems.optimisation.proofs.model import Proof, pack

ENDINGS = ("proven", "target", "time", "")


def output(
    comm: Any, incumbent: SharedIncumbent, scheduler: EngineScheduler, chosen: Plan, params: dict[str, Any]
) -> Output | None:
    """Gathers on rank 0; collective.

    Raises:
        RuntimeError: on rank 0, when every engine on every rank failed.
    """
    proofs = _proofs(comm, incumbent)
    mine = {
        "own": None if incumbent.own is None else (incumbent.own[0], incumbent.own[2]),
        "stopped": incumbent.stopped,
        "slots": [slot.to_json() for slot in scheduler.slots],
        "failures": [f"{slot.name}: {slot.ended}" for slot in scheduler.slots if slot.failed],
        "failed": all(slot.failed for slot in scheduler.slots),
        "finds": [
            {"s": round(find.at_s, 3), "what": find.what, "value": find.value, "engine": find.engine}
            for find in incumbent.finds
        ],
        "remarks": incumbent.remarks,
    }
    gathered = comm.gather(mine, root=0)
    if comm.Get_rank() != 0:
        return None
    if all(each["failed"] for each in gathered):
        raise RuntimeError(f"every engine failed; {gathered[0]['failures'][0]}")
    values = _values(incumbent, gathered, chosen, params)
    values["bound_engine"] = proofs[0][1] if proofs else None
    evidence = json.dumps(plain(_story(gathered, incumbent.model)), indent=1, allow_nan=False).encode()
    files = {"proofs": pack([proof for proof, _ in proofs])}
    return Output(values, files, {"portfolio.json": evidence})


def _proofs(comm: Any, incumbent: SharedIncumbent) -> list[tuple[Proof, str]]:
    """Brings the best proof of either sort to rank 0, the best bound first; the lowest rank that has it."""
    kept: list[tuple[Proof, str]] = []
    for checkable in (True, False):
        held = incumbent.proofs.get(checkable)
        bounds = comm.allgather(None if held is None else held[0].bound)
        known = [bound for bound in bounds if bound is not None]
        if not known:
            continue
        owner = bounds.index(max(known))
        sent = comm.gather(held if comm.Get_rank() == owner else None, root=0)
        if comm.Get_rank() == 0 and (not kept or max(known) > kept[0][0].bound):
            kept.insert(0, sent[owner])
    return kept


def _values(
    incumbent: SharedIncumbent, gathered: list[dict[str, Any]], chosen: Plan, params: dict[str, Any]
) -> dict[str, Any]:
    model, cost, bound = incumbent.model, incumbent.cost, incumbent.bound
    reasons = {each["stopped"] for each in gathered}
    found = [each["own"][1] for each in gathered if each["own"] is not None and each["own"][0] == cost]
    return {
        "kind": model.kind,
        "solution": None if incumbent.point is None else points.encode(model, incumbent.point),
        "objective": None if cost is None else sign(model) * cost,
        "bound": None if bound is None else sign(model) * bound,
        "engine": found[0] if found else None,
        "stopped": next(reason for reason in ENDINGS if reason in reasons) or "nothing more to try",
        "plan": chosen.to_json(),
        "engines": _contributions(gathered, model),
        "remarks": sorted({remark for each in gathered for remark in each["remarks"]}),
        "determinism": determinism(chosen, params, by_clock="time" in reasons),
    }


def _contributions(gathered: list[dict[str, Any]], model: Model) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for rank, each in enumerate(gathered):
        for slot in each["slots"]:
            entry = told.setdefault(slot["engine"], {"ranks": [], "ended": [], "points": 0, "bounds": 0})
            entry["ranks"].append(rank)
            if slot["ended"] and slot["ended"] not in entry["ended"]:
                entry["ended"].append(slot["ended"])
        for find in each["finds"]:
            entry = told[find["engine"]]
            is_point = find["what"] == "cost"
            entry["points" if is_point else "bounds"] += 1
            best, better = ("best_objective", min) if is_point else ("best_bound", max)
            costs = [find["value"], *([sign(model) * entry[best]] if best in entry else [])]
            entry[best] = sign(model) * better(costs)
    return told


def _story(gathered: list[dict[str, Any]], model: Model) -> dict[str, Any]:
    """Incumbents and bounds of all ranks in the order of time, each better than the one before."""
    timeline, best = [], dict[str, int]()
    finds = [{**find, "rank": rank} for rank, each in enumerate(gathered) for find in each["finds"]]
    for find in sorted(finds, key=lambda find: (find["s"], find["rank"])):
        progress = -find["value"] if find["what"] == "cost" else find["value"]
        if find["what"] not in best or progress > best[find["what"]]:
            best[find["what"]] = progress
            what = "objective" if find["what"] == "cost" else find["what"]
            timeline.append({**find, "what": what, "value": sign(model) * find["value"]})
    return {
        "timeline": timeline,
        "ranks": [each["slots"] for each in gathered],
        "stopped_by_rank": [each["stopped"] for each in gathered],
    }


def determinism(chosen: Plan, params: dict[str, Any], by_clock: bool) -> str:
    """Says in a sentence what would be the same in another run."""
    if params["rounds"] is not None and by_clock:
        return "exchanged between rounds alone, but ended by the clock: a faster machine would do more rounds"
    if params["rounds"] is None:
        return (
            "ended by the clock, and ranks exchanged while running: another run may find other answers of "
            "the same quality"
        )
    names = list(chosen.engines)
    same = deterministic(names)
    if same == names:
        return "exchanged between rounds alone: the same for this seed and number of ranks on any machine"
    other = ", ".join(name for name in names if name not in same)
    return f"exchanged between rounds alone, but {other} may differ from run to run"


def plain(value: Any) -> Any:
    """The value as JSON data, whatever an engine put into it; what has no such form becomes text or null."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
