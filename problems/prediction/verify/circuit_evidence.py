"""Features of quantum candidates, recomputed from what really ran.

A candidate says how rows become circuit parameters (`encoding`) and which parameter sets of which piece of
work belong to the sealed rows (`features`). Everything else is looked up: the circuits and parameters as they
were sent, the samples as they came back.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.attempt import Candidate, Done
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.result import RawResult
from toolbox.arrays import npy
from toolbox.arrays.types import Bits, Floats
from toolbox.circuits.evidence import ran
from toolbox.circuits.samples import packed

if TYPE_CHECKING:
    import pandas as pd

MOST_QUBITS = 1024
MOST_LAYERS = 1024


def sealed_features(
    values: Mapping[str, Any], evidence: Sequence[Done], rows: "pd.DataFrame"
) -> Floats | None:
    """Returns the features of the sealed rows that the candidate's model is to be given, None for none.

    Args:
        values: of the candidate.
        evidence: every piece of work of the attempt, by ordinal.
        rows: the feature columns of the sealed rows.

    Raises:
        ValueError: when the work is not there, failed, or ran something other than what the candidate says.
        KeyError: when the candidate leaves something out.
    """
    if "features" not in values:
        return None
    from problems.prediction.kernels.circuit_models import model_of

    source, encoding = values["features"], _checked(values["encoding"])
    model = model_of(encoding)
    if source["kind"] == "classical":
        return np.asarray(model.classical(rows, encoding), dtype=np.float64)
    if source["kind"] != "circuit":
        raise ValueError(f"expected features of kind 'circuit' or 'classical', got {source['kind']!r}")
    work, result = ran(source["work"], evidence, CircuitBatch)
    chosen = _sets(source["sealed_sets"], len(rows))
    _check_circuits(work, model.circuits(encoding))
    _check_parameters(work, chosen, model.encode(rows, encoding))
    return model.features(_samples(work, result, chosen, encoding["qubits"]), encoding)


def _checked(encoding: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, most in (("qubits", MOST_QUBITS), ("layers", MOST_LAYERS)):
        count = encoding[name]
        if type(count) is not int or not 1 <= count <= most:
            raise ValueError(f"expected 1 to {most} {name} in the encoding, got {count!r}")
    return encoding


def _sets(span: Any, rows: int) -> slice:
    first, last = span
    if type(first) is not int or type(last) is not int or first < 0 or last - first != rows:
        raise ValueError(
            f"expected {rows} parameter sets of rows kept aside, got those from {first!r} to {last!r}"
        )
    return slice(first, last)


def _check_circuits(work: CircuitBatch, stated: tuple[Sequence[str], Sequence[str]]) -> None:
    texts, names = stated
    if tuple(pub.qasm3 for pub in work.pubs) != tuple(texts):
        raise ValueError("the circuits that ran are not those of the encoding that the candidate states")
    if any(tuple(pub.parameter_names) != tuple(names) for pub in work.pubs):
        raise ValueError("the circuits that ran take their parameters in another order than the encoding's")


def _check_parameters(work: CircuitBatch, chosen: slice, expected: Floats) -> None:
    from problems.prediction.kernels.quantum_features import PARAMETER_TOLERANCE

    for number, pub in enumerate(work.pubs):
        sent = np.asarray(npy.load(pub.parameters.data), dtype=np.float64)[chosen]
        if sent.shape != expected.shape:
            raise ValueError(
                f"expected parameters of shape {expected.shape} in pub {number}, got {sent.shape}"
            )
        worst = float(np.max(np.abs(sent - expected), initial=0.0))
        if not worst <= PARAMETER_TOLERANCE:
            raise ValueError(
                f"parameters of pub {number} are not those of the rows kept aside: off by {worst:.3g}"
            )


def _samples(work: CircuitBatch, result: RawResult, chosen: slice, qubits: int) -> list[Bits]:
    samples = []
    for number, pub in enumerate(work.pubs):
        sets = len(npy.load(pub.parameters.data))
        bits = packed(result, number, (sets, pub.shots, qubits))
        samples.append(bits[chosen])
    return samples


def control_faults(candidate: Candidate) -> list[str]:
    """Returns what is missing among the null controls of a candidate on circuits; empty for other candidates.

    It must be compared with the same machine on the same features without any circuit, and on the same
    circuit without entanglement, each trained on the same rows; a circuit that was trained also with itself
    untrained.
    """
    if not _is_kind(candidate, "circuit"):
        return []
    controls = list(candidate.controls.values())
    faults = []
    if "circuit" in candidate.values["encoding"]:
        return _trained_faults(candidate, controls)
    if not any(_is_kind(control, "classical") and _same(candidate, control) for control in controls):
        faults.append("no null control on the same features without a circuit")
    if not any(
        _is_kind(control, "circuit") and _same(candidate, control, entangled=False) for control in controls
    ):
        faults.append("no null control on the same circuit without entanglement")
    return faults


def _trained_faults(candidate: Candidate, controls: Sequence[Candidate]) -> list[str]:
    from problems.prediction.kernels.circuit_models import untrained

    encoding = candidate.values["encoding"]
    random = untrained(encoding)["learned"]
    faults = []
    if not any(_is_kind(control, "classical") and _same(candidate, control) for control in controls):
        faults.append("no null control on the same features without a circuit")
    circuits = [control for control in controls if _is_kind(control, "circuit")]
    if not any(
        _same(candidate, each, entangled=False, learned=each.values["encoding"]["learned"])
        for each in circuits
    ):
        faults.append("no null control on the same circuit without entanglement")
    if not any(_same(candidate, each, learned=random) for each in circuits):
        faults.append("no null control on the same circuit untrained, its angles drawn as the verifier does")
    return faults


def _is_kind(candidate: Candidate, kind: str) -> bool:
    source = candidate.values.get("features")
    return isinstance(source, Mapping) and source.get("kind") == kind


def _same(candidate: Candidate, control: Candidate, **changed: Any) -> bool:
    same_rows = control.files["train_rows"].digest == candidate.files["train_rows"].digest
    same_format = control.values["model_format"] == candidate.values["model_format"]
    expected = {**candidate.values["encoding"], **changed}
    return same_rows and same_format and control.values["encoding"] == expected
