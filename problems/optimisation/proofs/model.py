"""Proofs of dual bounds, as data that travel with a candidate. `bound` is a lower bound on every cost.

Costs are integers, so bounds are too: a real bound is rounded up. Numbers in proofs are integers; those that
stand for reals are multiples of 2**-shift. The formats, by `kind`:

`mip_dual`: {"shift", "duals"}
    Multipliers y of the rows of the MIP (`forms.compile_mip`), in order. For any y,
    cost ≥ offset + Σ_i (y_i lower_i if y_i > 0 else y_i upper_i) + Σ_j min over [0, top_j] of (c - yA)_j x_j
    (weak duality with bounded variables; Neumaier & Shcherbina 2004, Math. Program. 99, 283).
`semidefinite`: {"shift", "diagonal", "triangles"}
    On K = `spin_form(model).matrix()`, of order m. With u = diagonal, and triangles [i, j, k, a, b, c, t]
    (matrix indices i < j < k; signs a, b, c with a·b·c = 1; multiplier t ≥ 0), every spin vector has a s_i
    s_j + b s_i s_k + c s_j s_k ≥ -1. Where K - Diag(u) - Σ t (a E_ij + b E_ik + c E_jk) + δI is positive
    semidefinite (E_ij symmetric, two ones), 4·cost ≥ constant + ½ Σ u - Σ t - ½ m δ. The δ is the verifier's
    own: the largest that leaves the claimed bound (`semidefinite.strongest_spins` finds the best claim).
`tree`: {"form": "spins" | "MIP", "shift", "nodes"}
    A division of all answers into leaves with a bound each; `nodes[0]` is the root, every node but it is the
    child of exactly one. Spins: {"branch": i, "children": [node where bit i is 0, where it is 1]}, where i
    counts the instance's own variables; {"mirror": i, "child": node where bit i is 0}, allowed where nothing
    is fixed yet and the form is symmetric; {"diagonal", "triangles"} is a leaf on
    `spin_form(model).fix(fixed)`; {"value": cost} a leaf with every bit fixed. Programme: {"branch": j, "at":
    v, "children": [x_j ≤ v, x_j ≥ v + 1]}; {"duals"} is a leaf bounded as in `mip_dual` with the
    branches' limits for [0, top]; {"ray"} one without any answer: the same formula with cost and offset 0
    gives more than 0. The bound of a tree is the least of its leaves.
`mip_cuts`: {"shift", "cutoff": a cost or null, "steps", "nodes"}
    A tree of the form `mip`, as above, on a MIP with more rows and narrower columns; with a
    cutoff it is about answers that cost so much or less, and proves one above it at most. Each step adds a
    row or narrows columns. {"divisor": d, "rows": [[row, weight], …], "up": [column, …]} adds up rows (the
    MIP's and those of earlier steps, numbered on; by their upper limits for weights above 0, else by
    their lower ones), then x_j ≤ top_j as often as makes the coefficient of an `up` column a multiple of d;
    divided by d and rounded down it is the new row. {"fix": duals, "cutoff": c}, with c no less than
    the proof's cutoff, lowers top_j to ⌊(c - b) / r_j⌋ where the duals' bound b and reduced cost r_j > 0
    (`mip_dual`) say so.
`second_engine`: {"engine": "cp_sat" | "highs"}
    That engine says so. The verifier believes it only where another engine finds the same within its limits.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from escalation.model.identity import canonical_json

MOST_BYTES = 256 * 2**20
"""What a packed proof may unfold to."""
MOST_PARTS = 5_000_000
"""Lists and objects in all proofs: each takes some hundred bytes of memory, and two of text."""


@dataclass(frozen=True)
class Proof:
    """A claimed lower bound on all costs, with what proves it."""

    kind: str
    bound: int
    data: dict[str, Any] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "bound": self.bound, **self.data}


def pack(proofs: Sequence[Proof]) -> bytes:
    """Returns the candidate's file `proofs`: canonical JSON, compressed; equal bytes for equal proofs."""
    return zlib.compress(canonical_json([proof.to_json() for proof in proofs]), 6)


def unpack(data: bytes) -> tuple[Proof, ...]:
    """Reads what `pack` wrote.

    Raises:
        ValueError: on anything else.
    """
    import json

    unfold = zlib.decompressobj()
    try:
        text = unfold.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"not a packed proof: {error}") from None
    if not unfold.eof or unfold.unconsumed_tail or unfold.unused_data:
        raise ValueError("not a packed proof: cut short, too long, or with something behind it")
    if text.count(b"[") + text.count(b"{") > MOST_PARTS:
        raise ValueError(f"expected at most {MOST_PARTS} lists and objects in proofs")
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("expected a list of proofs")
    return tuple(_proof(each) for each in found)


def _proof(each: Any) -> Proof:
    kind, bound = (
        (each.pop("kind", None), each.pop("bound", None)) if isinstance(each, dict) else (None, None)
    )
    if not isinstance(kind, str) or not isinstance(bound, int) or isinstance(bound, bool):
        raise ValueError("expected proofs with a kind and an integer bound")
    return Proof(kind, bound, each)
