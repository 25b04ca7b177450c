"""MLflow's view made anew from ledger and store: it may be thrown away, and it may be wanted elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalation.inputs.settings import Settings
from escalation.model.case import CaseRecord, CaseStatus
from escalation.model.errors import BadInput
from escalation.ports.tracker import sampled
from records.ledger.ledger import SqlLedger
from records.runtime import open_records
from records.tracking.cases import LEDGER
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace, tracking_place
from records.tracking.tracking import MlflowTracker

_LOOK_S = 0.5


@dataclass(frozen=True)
class RebuiltView:
    """A view that was made anew.

    Attributes:
        place: where it is.
        cases: that are shown there.
        missing: ids of those that should be, and are not.
    """

    place: TrackingPlace
    cases: int
    missing: tuple[str, ...]


def rebuild_view(
    settings: Settings, into: str | None, artifacts: Path | None, say: Callable[[int], None] = lambda _: None
) -> RebuiltView:
    """Makes the view of every case that is not running, but for those that the site's sample leaves out.

    Args:
        settings: of the site.
        into: MLflow's address; None is the site's own, and then the ledger learns the new ids of runs.
        artifacts: the folder of its files; default: where the site's are, or beside a SQLite file.
        say: is told how much is left to do.

    Raises:
        BadInput: when there is a view already, or the address is none.
    """
    place = _place(settings, into, artifacts)
    with open_records(settings) as (ledger, store):
        _check_empty(place)
        tracker = MlflowTracker(place, ledger, store, link=into is None)
        try:
            tracker.rebuild(lambda record: _shown(settings, record))
            while not tracker.drain(_LOOK_S):
                say(tracker.left)
        finally:
            tracker.close()
        return _compared(settings, place, ledger)


def _place(settings: Settings, into: str | None, artifacts: Path | None) -> TrackingPlace:
    stated = {} if into is None else {"tracking_uri": into, "tracking_artifacts": artifacts}
    place = tracking_place(settings.model_copy(update=stated))
    if into is not None and artifacts is None and place.file is not None:
        return place._replace(artifacts=place.file.parent / "artifacts")
    return place


def _check_empty(place: TrackingPlace) -> None:
    client = open_client(place)
    found = client.search_experiments(filter_string="name LIKE 'tierwise/%'")
    if any(client.search_runs([each.experiment_id], max_results=1) for each in found):
        raise BadInput(
            f"expected an MLflow without runs of this project at {place.shown}, got one with some: name "
            "another with --into, or move that one away"
        )


def _shown(settings: Settings, record: CaseRecord) -> bool:
    return record.status is not CaseStatus.RUNNING and sampled(record.info.case_id, settings.tracking)


def _compared(settings: Settings, place: TrackingPlace, ledger: SqlLedger) -> RebuiltView:
    wanted = {record.info.case_id for record in ledger.each_case() if _shown(settings, record)}
    there = set(_case_ids(open_client(place), ledger.name()))
    return RebuiltView(place, len(wanted & there), tuple(sorted(wanted - there)))


def _case_ids(client: Any, ledger: str) -> list[str]:
    """The ids of cases that have a run which ended."""
    ids = [each.experiment_id for each in client.search_experiments(filter_string="name LIKE 'tierwise/%'")]
    where = (
        f"tags.`tierwise.kind` = 'case' and tags.`{LEDGER}` = '{ledger}' and attributes.status != 'RUNNING'"
    )
    found, token = list[str](), None
    while ids:
        page = client.search_runs(ids, where, max_results=1000, page_token=token)
        found += [run.data.tags["tierwise.case_id"] for run in page]
        token = page.token
        if not token:
            break
    return found
