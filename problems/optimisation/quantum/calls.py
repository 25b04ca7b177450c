"""What runs beside the circuits: making the small problem, and making answers of the samples."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from escalation.model.blob import Blob
from escalation.model.errors import TierwiseError
from escalation.model.identity import canonical_json, derive_seed
from escalation.model.job_state import JobState
from escalation.model.output import Output
from escalation.model.report import Report
from escalation.model.result import RawResult
from problems.optimisation.model.models import Appointments, Model, Triage, parse_model, sign
from problems.optimisation.model.points import Point, cost, decode, encode
from problems.optimisation.proofs.model import pack
from problems.optimisation.quantum import clinic, ward
from problems.optimisation.quantum.circuits import SHOTS
from problems.optimisation.quantum.circuits import decode as decode_samples
from problems.optimisation.quantum.finish import answer, mitigation, search, summary
from problems.optimisation.quantum.local_engines import LocalIncumbent, bound, start
from problems.optimisation.quantum.reduction import reduce_spins
from problems.optimisation.quantum.subproblem import Subproblem, parse
from toolbox.circuits.null_control import uniform_bits
from toolbox.circuits.readout import Readout


def reduce(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Makes the small problem, and a bound of the whole where an engine gives one.

    Args:
        params: `seed`, `effort_s`.
        inputs: `model`.
        report: told when the start is there, and the bound.

    Returns:
        values: `notes`, `bound` (a cost, or null). Files: `subproblem`, `proofs`, and `start`, the best
        answer that was met on the way, where there was a search.
    """
    model = parse_model(inputs["model"])
    incumbent = LocalIncumbent(model)
    start(model, incumbent, derive_seed(params["seed"], "start"), params["effort_s"])
    found, notes = _reduced(model, incumbent, derive_seed(params["seed"], "reduce"))
    report(0.5, "bound")
    bound(model, incumbent, derive_seed(params["seed"], "bound"), params["effort_s"])
    files = {"subproblem": found.dump(), "proofs": pack(incumbent.proofs)}
    if incumbent.point is not None and notes["how"] == "neighbourhood":
        files["start"] = canonical_json(encode(model, incumbent.point))
        notes["start"] = sign(model) * cost(model, incumbent.point)
    notes["engines"] = incumbent.notes
    return Output({"notes": notes, "bound": incumbent.bound}, files)


def _reduced(model: Model, incumbent: LocalIncumbent, seed: int) -> tuple[Subproblem, dict[str, Any]]:
    if not isinstance(model, Appointments | Triage):
        found, best, notes = reduce_spins(model, seed)
        if best is not None:
            incumbent.offer(_feasible(model, found, best), "descent")
        return found, notes
    if incumbent.point is None:
        raise TierwiseError(f"no engine found a feasible {model.kind} to start from: {incumbent.notes}")
    made = (
        clinic.neighbourhood(model, incumbent.point)
        if isinstance(model, Appointments)
        else ward.neighbourhood(model, incumbent.point)
    )
    if not made[0].form.size:
        raise TierwiseError("nothing can be changed around the best answer found: no circuit to run")
    return made


def _feasible(model: Model, found: Subproblem, best: np.ndarray[Any, np.dtype[np.uint8]]) -> Point:
    from problems.optimisation.quantum.subproblem import lifted

    point = lifted(model, found, best[list(found.lift["kept"])])
    assert point is not None
    return point


def finish(params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output:
    """Makes the answer of the circuit's samples and that of uniformly random bits, by one procedure.

    Args:
        params: `seed` of the random bits.
        inputs: `model`, `subproblem`, `start` (where there is one), `bits-0.npy` to `bits-2.npy`.
        report: told in between.
    """
    model, found = parse_model(inputs["model"]), parse(inputs["subproblem"])
    begun = decode(model, json.loads(inputs["start"])) if "start" in inputs else None
    sent = RawResult(JobState.DONE, files={name: Blob(data) for name, data in inputs.items()})
    quantum, ones, zeros = (decode_samples(sent, k, found.form.size) for k in range(3))
    readout = Readout.of(zeros, ones)
    values: dict[str, Any] = {
        "readout": {
            "wrong_zero": readout.wrong_zero.round(6).tolist(),
            "wrong_one": readout.wrong_one.round(6).tolist(),
        }
    }
    for name, samples, known in (
        ("quantum", quantum, readout),
        ("uniform", uniform_bits(params["seed"], SHOTS, found.form.size), None),
    ):
        searched = search(found, samples)
        values[name] = {
            "answer": answer(model, found, searched, begun),
            "best_four_cost": searched.best,
            "summary": summary(model, found, searched, mitigation(searched, known)),
        }
        report(0.5, name)
    return Output(values)
