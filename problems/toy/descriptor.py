"""How the registry finds this family."""

from escalation.ports.registry import FamilyDescriptor

DESCRIPTOR = FamilyDescriptor(
    name="toy",
    family="problems.toy.family:Toy",
    summary="Find a large number in a list; every tier trivially, for documentation and tests.",
    sample={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
    sample_target={"metric": "number", "at_least": 9},
    proves=True,
    sources="problems.toy.sources:sources",
    specs=("problems.toy.instance:ToySpec",),
    form="problems.toy.form:ToyForm",
)
