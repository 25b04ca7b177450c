"""Tables of few large groups (hospitals): whole sites are sealed, so that they can be judged as new ones.

Internal-external validation: what is certified is what a site shows that no model has learnt from, and inside
the open rows each site is left out in turn (Steyerberg and Harrell 2016, J. Clin. Epidemiol. 69:245).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.identity import derive_seed
from toolbox.arrays.types import Index, Ints

if TYPE_CHECKING:
    import pandas as pd

LARGE = 20
"""Rows of a group in the mean from which on groups are sites, not patients."""
LEAST_SITES = 2
"""Sites with both classes on either side of the split: fewer cannot be left out in turn."""


def sites_split(labels: Ints, groups: Index, fraction: float, seed: int) -> tuple[Index, Index] | None:
    """Divides rows by site, the share of sites that was asked for on the sealed side.

    A systematic sample from a random start (Cochran 1977, Sampling Techniques, chapter 8) of the sites in
    order of size, those with both classes apart from others: large and small ones come in their shares.

    Args:
        labels: kind of each row, shape (n,).
        groups: group of each row as an integer from 0, shape (n,).
        fraction: share of the sites that is to be sealed.
        seed: of the draw.

    Returns:
        Positions of open rows, and of sealed ones in an order of their own; None where the groups are no
        sites: too small, or too few of both classes for either side.
    """
    sizes = np.bincount(groups)
    kinds = np.unique(np.column_stack([groups, labels]), axis=0)[:, 0]
    mixed = np.bincount(kinds, minlength=len(sizes)) > 1
    if not large(groups) or mixed.sum() < 2 * LEAST_SITES:
        return None
    rng = np.random.default_rng(derive_seed(seed, "which sites are open"))
    sealed = np.zeros(len(sizes), dtype=np.bool_)
    for part in (np.flatnonzero(mixed), np.flatnonzero(~mixed)):
        order = rng.permutation(part)
        order = order[np.argsort(-sizes[order], kind="stable")]
        least = LEAST_SITES if mixed[part].any() else 0
        count = min(max(round(fraction * len(part)), least), len(part) - least)
        if count:
            places = (rng.random() + np.arange(count)) * len(part) / count
            sealed[order[places.astype(np.intp)]] = True
    rows = sealed[groups]
    return np.flatnonzero(~rows), rng.permutation(np.flatnonzero(rows))


def of_sites(frame: "pd.DataFrame", open_index: Index, sealed_index: Index) -> str:
    """Says that the split is by site, and what follows."""
    opened, sealed = (frame["__group__"].iloc[index].nunique() for index in (open_index, sealed_index))
    return (
        f"groups are few and large, so they are taken for sites: {sealed} whole sites are kept aside, "
        f"{opened} are learnt from; what is shown holds for new sites drawn as these were, each counted once"
    )


def large(groups: Index) -> bool:
    """Tells whether groups are large enough to be sites; numbers from 0, shape (n,)."""
    return float(np.bincount(groups).mean()) >= LARGE


def site_names(groups: Sequence[str], values: Sequence[object]) -> Mapping[str, str]:
    """Returns the names that the table has for each group; of groups that were joined all of them.

    Args:
        groups: of each row.
        values: the declared group of each row, as the table has it.
    """
    named: dict[str, dict[str, None]] = {}
    for group, value in zip(groups, values, strict=True):
        named.setdefault(group, {})[str(value)] = None
    return {group: " with ".join(found) for group, found in named.items()}
