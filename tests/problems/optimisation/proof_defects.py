"""Candidates whose proofs do not prove what they claim, each made from an honest one by one change."""

import copy
from collections.abc import Callable
from typing import Any

from escalation.model.attempt import Candidate
from problems.optimisation.proofs.model import Proof
from tests.problems.optimisation.defects import TYPES, Defects
from tests.problems.optimisation.honest import BITS, MODELS, PROOFS, SHIFT, candidate, optimum, worse

JSON_TYPES = {what: value for what, value in TYPES.items() if what not in ("NaN", "infinite")}
"""Proofs are JSON, which has no such numbers."""

Change = Callable[[dict[str, Any]], Any]


def _changed(name: str, kind: str, what: str, change: Change) -> tuple[str, Candidate]:
    proof = PROOFS[kind](name)
    data = copy.deepcopy(proof.data)
    change(data)
    return what, candidate(MODELS[name], *optimum(name), [Proof(proof.kind, proof.bound, data)])


def _set(**values: Any) -> Change:
    return lambda data: data.update(values)


def _put(field: str, index: int, value: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        data[field][index] = value

    return change


def skewed(values: list[int]) -> list[int]:
    """Half of them larger, half smaller. (As much more of all is the same semidefinite proof: δ takes it.)"""
    return [value + (-1) ** k * (1 << (SHIFT + 16)) for k, value in enumerate(values)]


def overclaimed(name: str, kind: str) -> Defects:
    """Claims a unit above what the proof can carry, on answers for which that is not refuted at once."""
    proof, model = PROOFS[kind](name), MODELS[name]
    more = Proof(proof.kind, proof.bound + 1, proof.data)
    yield "a unit too good", candidate(model, *optimum(name), [more])
    yield "far too good", candidate(model, *optimum(name), [Proof(proof.kind, 10**9, proof.data)])
    cost, solution = worse(name)
    yield (
        "a worse answer called the best",
        candidate(model, cost, solution, [Proof(proof.kind, cost, proof.data)]),
    )
    yield "of another kind", candidate(model, *optimum(name), [Proof("proof", proof.bound, proof.data)])
    yield (
        "a field more",
        candidate(model, *optimum(name), [Proof(proof.kind, proof.bound, proof.data | {"x": 1})]),
    )
    yield "no data", candidate(model, *optimum(name), [Proof(proof.kind, proof.bound)])
    for other in PROOFS:
        if other != kind and (name in BITS or other not in ("semidefinite", "spin_tree")):
            strange = PROOFS[other](name)
            if strange.kind != proof.kind:
                swapped = Proof(proof.kind, proof.bound, strange.data)
                yield f"data of {other}", candidate(model, *optimum(name), [swapped])


def damaged_numbers(name: str, kind: str) -> Defects:
    """Multipliers that are changed, so that they prove less; and of no type that they can have."""
    field = {"dual": "duals", "semidefinite": "diagonal"}[kind]
    values = PROOFS[kind](name).data[field]
    where = max(range(len(values)), key=lambda k: abs(values[k]))
    big = 1 << (SHIFT + 8)
    yield _changed(name, kind, "all multipliers null", _set(**{field: [None] * len(values)}))
    yield _changed(name, kind, "multipliers skewed", _set(**{field: skewed(values)}))
    yield _changed(name, kind, "a multiplier huge", _put(field, where, 1 << 59))
    yield _changed(name, kind, "a multiplier much larger", _put(field, where, values[where] + big))
    yield _changed(name, kind, "a multiplier much smaller", _put(field, where, values[where] - big))
    yield _changed(name, kind, "a multiplier too few", _set(**{field: values[:-1]}))
    yield _changed(name, kind, "a multiplier too many", _set(**{field: [*values, 0]}))
    yield _changed(name, kind, "no multipliers", _set(**{field: []}))
    for what, value in JSON_TYPES.items():
        yield _changed(name, kind, f"a multiplier: {what}", _put(field, 0, value))
        yield _changed(name, kind, f"shift: {what}", _set(shift=value))
    for shift in (-1, 61) if kind == "semidefinite" else (SHIFT - 3, SHIFT + 3, -1, 61):
        yield _changed(name, kind, f"shift: {shift}", _set(shift=shift))


def damaged_triangles(name: str) -> Defects:
    """Triangles that are no inequality of spins, or that the multipliers do not carry."""
    good, big = [0, 1, 2, 1, -1, -1, 1], 1 << (SHIFT + 8)
    wrong: dict[str, Any] = {
        "a negative multiplier": [*good[:6], -big],
        "a product of signs of -1": [0, 1, 2, 1, 1, -1, 1],
        "a sign of 2": [0, 1, 2, 2, 1, 1, 1],
        "a sign of 0": [0, 1, 2, 0, 1, 1, 1],
        "a corner twice": [0, 0, 2, 1, 1, 1, 1],
        "corners out of order": [1, 0, 2, 1, 1, 1, 1],
        "a corner that is not there": [0, 1, 99, 1, 1, 1, 1],
        "a corner before the first": [-1, 1, 2, 1, 1, 1, 1],
        "a number too few": good[:6],
        "a float": [*good[:6], 1.0],
        "text": "triangle",
        "too large a multiplier": [*good[:6], big],
    }
    for what, triangle in wrong.items():
        yield _changed(name, "semidefinite", what, _set(triangles=[triangle]))
    yield _changed(name, "semidefinite", "no list of triangles", _set(triangles=None))


def damaged_tree(name: str, kind: str) -> Defects:
    """Trees that leave answers out, or whose leaves do not carry."""
    nodes = PROOFS[kind](name).data["nodes"]
    inner = max(k for k, node in enumerate(nodes) if "children" in node)
    first, second = nodes[inner]["children"]
    leaves = [k for k, node in enumerate(nodes) if "children" not in node and "child" not in node]

    def at(what: str, number: int, **changes: Any) -> tuple[str, Candidate]:
        return _changed(name, kind, what, _put("nodes", number, nodes[number] | changes))

    yield at("a child missing", inner, children=[first])
    yield at("a child that is not there", inner, children=[first, len(nodes)])
    yield at("a child before the first", inner, children=[first, -1])
    yield at("one child for both branches", inner, children=[first, first])
    yield at("a circle", inner, children=[first, 0])
    yield at("a node as its own child", inner, children=[inner, second])
    yield at("a child that is text", inner, children=[first, str(second)])
    yield at("a child that is a bool", inner, children=[first, True])
    yield at("children that are a number", inner, children=2)
    yield at("a branch that is not there", inner, branch=10**6)
    yield at("a branch before the first", inner, branch=-1)
    yield at("a branch that is null", inner, branch=None)
    yield at("a field more", inner, note="trust me")
    yield at("a leaf with a branch", leaves[0], branch=0, children=[0, 0])
    yield _changed(name, kind, "nodes that nothing reaches", _set(nodes=[*nodes, nodes[leaves[0]]]))
    yield _changed(name, kind, "the last node missing", _set(nodes=nodes[:-1]))
    yield _changed(name, kind, "no nodes", _set(nodes=[]))
    yield _changed(name, kind, "a leaf for a root", _set(nodes=[nodes[leaves[0]]]))
    yield _changed(name, kind, "nodes that are null", _set(nodes=[None] * len(nodes)))
    yield _changed(name, kind, "nodes by name", _set(nodes={"0": nodes[0]}))
    yield _changed(name, kind, "another form", _set(form="matrix"))
    yield _changed(name, kind, "a form of lists", _set(form=["spins"]))
    yield _changed(name, kind, "an empty leaf", _put("nodes", leaves[0], {}))
    yield _changed(name, kind, "a leaf that is a list", _put("nodes", leaves[-1], []))
    yield _changed(
        name, kind, "a value while branches are open", _put("nodes", inner, {"value": optimum(name)[0]})
    )
    for leaf in leaves:
        for field in nodes[leaf].keys() & {"diagonal", "duals", "ray"}:
            numbers = nodes[leaf][field]
            yield at(f"leaf {leaf}: {field} skewed", leaf, **{field: skewed(numbers)})
            if field != "diagonal":
                yield at(f"leaf {leaf}: {field} of nothing", leaf, **{field: [0] * len(numbers)})
            yield at(f"leaf {leaf}: {field} cut", leaf, **{field: numbers[1:]})
            yield at(f"leaf {leaf}: {field} null", leaf, **{field: None})
        if "value" in nodes[leaf]:
            value = nodes[leaf]["value"]
            yield at(f"leaf {leaf}: a value too good", leaf, value=value + 1)
            yield at(f"leaf {leaf}: a value of text", leaf, value=str(value))


def damaged_spin_tree(name: str) -> Defects:
    """Branches and mirrors where they are not allowed."""
    nodes = PROOFS["spin_tree"](name).data["nodes"]
    inner = max(k for k, node in enumerate(nodes) if "branch" in node)
    number = nodes[inner]["children"][0]
    root = nodes[0].get("branch", nodes[0].get("mirror"))
    yield _changed(
        name, "spin_tree", "a bit fixed twice", _put("nodes", inner, nodes[inner] | {"branch": root})
    )
    mirror = {"mirror": nodes[inner]["branch"], "child": number}
    half = [node for k, node in enumerate(nodes) if k <= number]
    half[inner] = mirror
    yield _changed(name, "spin_tree", "a mirror below the root", _put("nodes", inner, mirror))
    yield _changed(name, "spin_tree", "a mirror for half of a branch", _set(nodes=half))
    if "mirror" in nodes[0]:
        yield _changed(
            name, "spin_tree", "a mirror of nothing", _put("nodes", 0, {"mirror": None, "child": 1})
        )
        yield _changed(name, "spin_tree", "a mirror of itself", _put("nodes", 0, {"mirror": 0, "child": 0}))
    else:
        first = {"mirror": nodes[0]["branch"], "child": 1}
        least = nodes[0]["children"][1]
        yield _changed(name, "spin_tree", "a mirror with fields", _set(nodes=[first, *nodes[1:least]]))


def damaged_mip_tree(name: str) -> Defects:
    """Branches that do not divide, rays where answers are."""
    nodes = PROOFS["mip_tree"](name).data["nodes"]
    inner = max(k for k, node in enumerate(nodes) if "branch" in node)
    leaf = next(k for k, node in enumerate(nodes) if "duals" in node)
    for at in (-1, 1, 10**6, None, 0.0):
        yield _changed(name, "mip_tree", f"divided at {at}", _put("nodes", inner, nodes[inner] | {"at": at}))
    duals = nodes[leaf]["duals"]
    yield _changed(name, "mip_tree", "duals for a ray", _put("nodes", leaf, {"ray": duals}))
    zeros = {"ray": [0] * len(duals)}
    yield _changed(name, "mip_tree", "a ray of nothing", _put("nodes", leaf, zeros))
    both = {"ray": duals, "duals": duals}
    yield _changed(name, "mip_tree", "a leaf of two kinds", _put("nodes", leaf, both))


def damaged_cuts(name: str) -> Defects:
    """Cuts that are none, cutoffs below the claim, fixings that say nothing or too much."""
    data = PROOFS["mip_cuts"](name).data
    step, rows = data["steps"][0], len(data["nodes"][-1].get("duals", data["nodes"][-1].get("ray"))) - 1
    row = step["rows"][0][0]
    wrong: dict[str, Any] = {
        "a divisor of 1": step | {"divisor": 1},
        "a divisor below nothing": step | {"divisor": -2},
        "a divisor of text": step | {"divisor": "2"},
        "a row that is not there": step | {"rows": [[rows, 1]]},
        "a row before the first": step | {"rows": [[-1, 1]]},
        "a weight that is a float": step | {"rows": [[row, 1.0]]},
        "too large a weight": step | {"rows": [[row, 1 << 61]]},
        "rows that are null": step | {"rows": None},
        "a column that is not there": step | {"up": [10**6]},
        "columns that are null": step | {"up": None},
        "a field more": step | {"limit": 0},
        "a step that is null": None,
        "a fixing of too many multipliers": {"fix": [0] * (rows + 1), "cutoff": data["cutoff"]},
        "a fixing for a lower cutoff": {"fix": [0] * rows, "cutoff": data["cutoff"] - 1},
        "a fixing without a cutoff": {"fix": [0] * rows},
    }
    for what, each in wrong.items():
        yield _changed(name, "mip_cuts", what, _set(steps=[each]))
    yield _changed(name, "mip_cuts", "steps by name", _set(steps={"0": step}))
    yield _changed(name, "mip_cuts", "a cutoff below the claim", _set(cutoff=data["cutoff"] - 1))
    fixing = {"fix": [0] * rows, "cutoff": data["cutoff"]}
    yield _changed(name, "mip_cuts", "no cutoff to fix by", _set(cutoff=None, steps=[fixing, step]))
    for what, value in JSON_TYPES.items():
        if value is not None:
            yield _changed(name, "mip_cuts", f"cutoff: {what}", _set(cutoff=value))


def damaged_search(name: str) -> Defects:
    """Engines that are not there, or that find nothing better than themselves."""
    for engine in ("gurobi", "", "HIGHS", None, 3, ["highs"]):
        yield _changed(name, "highs", f"engine {engine!r}", _set(engine=engine))


def of_another(name: str, kind: str) -> Defects:
    """The proof of an instance that differs in its numbers alone, sent with a claim for this one."""
    proof = PROOFS[kind](f"{name} twin")
    claim = Proof(proof.kind, optimum(name)[0], proof.data)
    yield "proof of another instance", candidate(MODELS[name], *optimum(name), [claim])
