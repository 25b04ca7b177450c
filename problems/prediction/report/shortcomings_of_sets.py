"""Where prediction sets are worse than they sound, of every task, by the verifier's own test of them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.text.rounding import Way, rounded
from problems.prediction.report.sealed_rows import coverage
from problems.prediction.verify.coverage import refuted_in_words, why_no_sets
from problems.prediction.verify.judging import sealed
from problems.prediction.verify.recomputation import Forged, stated_sets

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

SETS = {"regression": "intervals", "time_to_event": "times that are outlasted"}


def of_sets(instance: "TableInstance", certificate: Certificate, candidate: Candidate) -> Iterator[str]:
    """Yields a sentence on each."""
    count, asked = len(instance.sealed_index), instance.asked
    if certificate.status is CertificateStatus.INVALID or not count:
        return
    lacking = why_no_sets(asked, candidate)
    if lacking and (asked.task != "binary" or "weight" in asked.parameters):
        yield f"There are no prediction sets: {lacking}."
    try:
        sets = None if lacking else stated_sets(candidate, count, asked)
    except Forged:
        return
    if sets is None:
        return
    told = candidate.notes.get("conformal")
    made = f" ({told['model']})" if isinstance(told, Mapping) and told.get("model") else ""
    yield (
        f"The {SETS.get(asked.task, 'prediction sets')} are of another model{made} than the certified one "
        f"({candidate.values.get('chosen')}): the certificate says nothing of them."
    )
    found = certificate.evidence.get("sets")
    if refuted := refuted_in_words(found):
        yield refuted
    if asked.classes and not (isinstance(found, Mapping) and "classes" in found):
        yield from _beneath(instance, candidate, sets, tested=isinstance(found, Mapping))


def _beneath(
    instance: "TableInstance", candidate: Candidate, sets: np.ndarray, *, tested: bool
) -> Iterator[str]:
    """Classes that the sets hold less often than a promise over all classes says: no promise is missed.

    Of records from before the sets of two classes were tested, all rows are looked at in this way too.
    """
    rows, asked = sealed(instance), instance.asked
    labels, nominal = rows.outcomes.values.astype(np.intp), float(candidate.values["conformal"]["coverage"])
    held = sets[np.arange(len(labels)), labels]
    together = "both classes" if len(asked.classes) == 2 else "all classes"
    what = "level" if asked.task == "ordinal" else "class"
    parts = {f"{what} {name!r}": labels == place for place, name in enumerate(asked.classes)}
    parts |= {} if tested else {"all rows": labels >= 0}
    for name, own in parts.items():
        if own.any() and (seen := coverage(held[own], rows.groups[own])).high < nominal:
            yield (
                f"Of {name} the prediction sets hold {rounded(seen.share)} (95 % interval "
                f"{rounded(seen.low, Way.DOWN)} to {rounded(seen.high, Way.UP)}): the promise of {nominal:g} "
                + (f"is over {together} together." if tested else "was not tested in this record.")
            )
