"""Says that this family exists."""

from escalation.ports.registry import FamilyDescriptor

DESCRIPTOR = FamilyDescriptor(
    name="optimisation",
    family="problems.optimisation.family:Optimisation",
    summary="Schedules, triage, QUBO, maximum cut, independent set: found by a portfolio, proven by a bound.",
    sample={
        "kind": "max_cut",
        "vertices": 6,
        "edges": [[1, 2, 3], [2, 3, 1], [3, 4, 2], [4, 5, 1], [5, 6, 3], [6, 1, 1], [1, 4, 2], [2, 5, 2]],
        "search_s": 2,
    },
    sample_target={"metric": "gap", "at_most": 0.0},
    proves=True,
    sources="problems.optimisation.sources:sources",
    specs=(
        "problems.optimisation.spec.spec:AppointmentsSpec",
        "problems.optimisation.spec.spec:TriageSpec",
        "problems.optimisation.spec.spec:QuboSpec",
        "problems.optimisation.spec.spec:MaxCutSpec",
        "problems.optimisation.spec.spec:IndependentSetSpec",
    ),
    check="problems.optimisation.spec.spec:parse_spec",
    form="problems.optimisation.form:OptimisationForm",
    flow="optimise",
    named_by=("kind", "file"),
)
