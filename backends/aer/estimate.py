"""What the warm worker runs for expectation values on the ideal simulator.

The exact values are kept beside the result as evidence.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backends.aer.run import provenance
from backends.circuits.expectations import SHOT_NOISE, deviating, pack
from backends.circuits.pubs import Floats, load_circuit, load_values, npy_bytes, pub_report
from escalation.model.blob import Blob
from escalation.model.identity import derive_seed
from escalation.model.job_state import JobState
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.report import Report
from escalation.model.result import RawResult


def estimate(work: ExpectationBatch, context: Mapping[str, Any], report: Report) -> RawResult:
    """Estimates every observable of every pub without noise of a device."""
    about = provenance(work) | {"shot_noise": SHOT_NOISE}
    exact, estimates = [], []
    for number, pub in enumerate(work.pubs):
        exact.append(_exact(pub, work.resources.threads))
        estimates.append(deviating(exact[-1], pub.precision, derive_seed(work.seed, "pub", number)))
        pub_report(report, number, len(work.pubs))(1.0)
    evidence = {f"exact-{number}.npy": Blob(npy_bytes(values)) for number, values in enumerate(exact)}
    return RawResult(JobState.DONE, **pack(work, estimates), provenance=about, evidence=evidence)


def _exact(pub: EstimatorPub, threads: int) -> Floats:
    """Exact expectation values, shape (sets, observables)."""
    from qiskit_aer.primitives import EstimatorV2

    circuit, values = load_circuit(pub), load_values(pub)
    options = {"backend_options": {"method": "automatic", "max_parallel_threads": threads}}
    bound = {pub.parameter_names: values[:, np.newaxis, :]} if pub.parameter_names else None
    observables = [dict(terms) for terms in pub.observables]
    job = EstimatorV2(options=options).run([(circuit, observables, bound, 0.0)])
    evs = np.asarray(job.result()[0].data.evs, dtype=np.float64)
    return np.broadcast_to(evs, (len(values), len(observables))).copy()
