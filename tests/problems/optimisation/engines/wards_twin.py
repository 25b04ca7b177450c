"""Small wards from a seed, and the best placement of one, by trying everything."""

import itertools
from random import Random

import numpy as np

from problems.optimisation.model import points
from problems.optimisation.model.models import Claimant, Place, Triage


def small_ward(seed: int, patients: int = 6) -> Triage:
    """Three places, two capacities, two cohorts, one patient who must be placed."""
    random = Random(seed)
    people = tuple(
        Claimant(
            id=f"p{index}",
            benefit=random.randint(1, 20),
            needs=random.choice([(), (), ("oxygen",)]),
            uses=(1, random.randint(0, 4)),
            cohort=random.choice(["", "", "flu", "rsv"]),
            required=index == 0,
        )
        for index in range(patients)
    )
    places = (
        Place(id="a", offers=("oxygen",), capacity=(2, 6)),
        Place(id="b", capacity=(2, random.randint(4, 7)), quality=80),
        Place(id="c", offers=("oxygen",), capacity=(1, 4), quality=60),
    )
    return Triage(capacities=("beds", "hours"), patients=people, places=places)


def least_placement_cost(model: Triage) -> int:
    """Minus the largest benefit."""
    costs = []
    for each in itertools.product(range(-1, len(model.places)), repeat=model.size):
        try:
            costs.append(points.cost(model, np.array(each, dtype=np.int32)))
        except points.Infeasible:
            continue
    return min(costs)
