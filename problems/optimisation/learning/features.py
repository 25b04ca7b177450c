"""Features of an instance before it is solved, as numbers.

For the bits kinds a selection of the features that Dunning, Gupta & Silberholz (2018, INFORMS J. Comput. 30,
608: MQLib) found to tell heuristics apart: size, density, weights, degrees, cores, the Laplacian's spectrum.
For appointments and triage: how scarce capacity is, how many ways there are to serve a patient, how tight
times are. A feature that makes no sense for a kind is absent; learners see it as missing.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import ArpackError, eigsh

from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import Appointments, Model, SpinModel, Triage

Numbers = NDArray[np.float64]

NAMES: tuple[str, ...] = (
    "log_size",
    "density",
    "weight_spread",
    "weight_negative",
    "field_strength",
    "degree_mean",
    "degree_spread",
    "degree_skew",
    "core_mean",
    "laplacian_second",
    "laplacian_largest",
    "load",
    "options",
    "options_least",
    "window",
    "duration_spread",
    "weight_top_share",
    "resources",
)


def features(model: Model) -> dict[str, float]:
    """Returns the features of an instance that make sense for its kind, by name; at most those in NAMES."""
    if isinstance(model, Appointments):
        found = _appointments(model)
    elif isinstance(model, Triage):
        found = _triage(model)
    else:
        found = _spins(model)
    return {"log_size": float(np.log2(model.size)), **found}


def _spins(model: SpinModel) -> dict[str, float]:
    form = spin_form(model)
    n, weights = form.size, form.couplings.astype(float)
    if not len(weights):
        return {"density": 0.0}
    magnitude = np.abs(weights)
    degrees = np.bincount(form.pairs.ravel(), minlength=n).astype(float)
    second, largest = _laplacian(form.pairs, magnitude, n)
    return {
        "density": 2 * len(weights) / (n * max(n - 1, 1)),
        "weight_spread": float(magnitude.std() / magnitude.mean()),
        "weight_negative": float((weights < 0).mean()),
        "field_strength": float(np.abs(form.field).mean() / magnitude.mean()),
        "degree_mean": float(np.log2(1 + degrees.mean())),
        "degree_spread": float(degrees.std() / degrees.mean()),
        "degree_skew": float(((degrees - degrees.mean()) ** 3).mean() / max(degrees.std(), 1e-9) ** 3),
        "core_mean": float(_cores(form.pairs, n).mean() / degrees.mean()),
        "laplacian_second": second,
        "laplacian_largest": largest,
    }


def _laplacian(pairs: NDArray[np.int64], weights: Numbers, n: int) -> tuple[float, float]:
    """Second least and largest eigenvalue of the normalised Laplacian I - D^-½ W D^-½; both within [0, 2]."""
    if n < 3:
        return 1.0, 1.0
    i, j = pairs.T
    w = csr_array((np.r_[weights, weights], (np.r_[i, j], np.r_[j, i])), shape=(n, n))
    strength = np.asarray(w.sum(axis=1)).ravel()
    root = diags_array(1 / np.sqrt(np.where(strength > 0, strength, 1.0)))
    normalised = csr_array(root @ w @ root)
    if n <= 400:
        spectrum = 1 - np.linalg.eigvalsh(normalised.toarray())[::-1]
        return float(spectrum[1]), float(spectrum[-1])
    start = np.random.default_rng(0).standard_normal(n)  # one start, so that the same graph has one feature
    try:
        high = eigsh(normalised, k=2, which="LA", v0=start, tol=1e-4, return_eigenvectors=False)
        low = eigsh(normalised, k=1, which="SA", v0=start, tol=1e-4, return_eigenvectors=False)
    except ArpackError:
        return float("nan"), float("nan")
    return float(1 - min(high)), float(1 - low[0])


def _cores(pairs: NDArray[np.int64], n: int) -> Numbers:
    """Core number of every vertex (Batagelj & Zaversnik 2003), shape (n,)."""
    import networkx as nx

    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(pairs.tolist())
    numbers = nx.core_number(graph)
    return np.array([numbers[v] for v in range(n)], dtype=float)


def _appointments(model: Appointments) -> dict[str, float]:
    durations = np.array([patient.duration for patient in model.patients], dtype=float)
    open_slots = [
        sum(last - first for each in group for first, last in each.shifts)
        for group in (model.clinicians, model.rooms)
    ]
    pairs = np.array(
        [
            sum(set(p.skills) <= set(c.skills) for c in model.clinicians)
            * sum(set(p.equipment) <= set(r.equipment) for r in model.rooms)
            for p in model.patients
        ],
        dtype=float,
    )
    windows = np.array([p.latest - p.earliest - p.duration for p in model.patients], dtype=float)
    weights = np.array([p.weight for p in model.patients])
    return {
        "load": float(durations.sum() / max(min(open_slots), 1)),
        "options": float(np.log2(1 + pairs.mean())),
        "options_least": float(np.log2(1 + pairs.min())),
        "window": float(windows.mean() / model.slots),
        "duration_spread": float(durations.std() / durations.mean()),
        "weight_top_share": _top_share(weights),
        "resources": float(np.log2(len(model.clinicians) + len(model.rooms))),
    }


def _triage(model: Triage) -> dict[str, float]:
    uses = np.array([patient.uses for patient in model.patients], dtype=float)
    capacity = np.array([place.capacity for place in model.places], dtype=float).sum(axis=0)
    options = np.array(
        [sum(set(p.needs) <= set(place.offers) for place in model.places) for p in model.patients],
        dtype=float,
    )
    return {
        "load": float((uses.sum(axis=0) / np.maximum(capacity, 1)).max()),
        "options": float(np.log2(1 + options.mean())),
        "options_least": float(np.log2(1 + options.min())),
        "weight_top_share": _top_share(np.array([patient.benefit for patient in model.patients])),
        "resources": float(np.log2(len(model.places))),
    }


def _top_share(weights: NDArray[np.int64]) -> float:
    """Share of all weight that the heaviest tenth carries."""
    ordered = np.sort(weights)[::-1]
    return float(ordered[: max(1, len(ordered) // 10)].sum() / ordered.sum())
