"""MLflow against an export: whether the runs of the case say what the records in the export say."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput, first_line
from escalation.text.addresses import without_password
from records.audit.tracked import compared
from records.export.bag import PAYLOAD
from records.export.mlflow_view import MLFLOW, shown_runs
from records.tracking.cases import LEDGER
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace, tracking_place

SITE = "site"
"""In place of an address: MLflow of this site."""


def mlflow_findings(files: Mapping[str, bytes], where: str, settings: Settings) -> tuple[str, ...]:
    """A line on everything that MLflow shows of the case otherwise than its export.

    Args:
        files: of an export, by path.
        where: MLflow's address, or `site`.
        settings: of this site.

    Raises:
        BadInput: when it is no address, or MLflow cannot be asked there.
    """
    place = _place(where, settings)
    try:
        view = json.loads(files[f"{PAYLOAD}/{MLFLOW}"])
        expected = shown_runs(view)
        named = [expected[0].tags[name] for name in ("tierwise.case_id", LEDGER)]
    except (LookupError, ValueError, TypeError) as error:
        return (f"{PAYLOAD}/{MLFLOW} cannot be read: {error!r}"[:200],)
    try:
        client = open_client(place)
        runs = list(_runs(client, str(view["experiment"]), *named))
        found = [line for run in runs for line in compared(client, run, expected, "the export")]
    except Exception as error:  # of many libraries, by whatever is between here and there
        said = without_password(first_line(error), place.uri)
        raise BadInput(f"MLflow at {place.shown} cannot be asked: {said}") from None
    return tuple(found) if runs else (f"MLflow at {place.shown} has no run of case {named[0]}",)


def _place(where: str, settings: Settings) -> TrackingPlace:
    stated = {} if where == SITE else {"tracking_uri": where, "tracking_artifacts": None}
    place = tracking_place(settings.model_copy(update=stated))
    if place.file is not None and not place.file.is_file():
        raise BadInput(f"expected MLflow's database at {place.shown}, got no such file")
    return place


def _runs(client: Any, experiment: str, case_id: str, ledger: str) -> Iterator[Any]:
    found = client.get_experiment_by_name(experiment)
    if found is not None:
        named = {"tierwise.case_id": case_id, "tierwise.kind": "case", LEDGER: ledger}
        where = " and ".join(f"tags.`{name}` = '{_quoted(value)}'" for name, value in named.items())
        yield from client.search_runs([found.experiment_id], where)


def _quoted(value: str) -> str:
    """A value that a filter of MLflow can hold."""
    if not isinstance(value, str) or "'" in value:
        raise ValueError(f"expected the name of a case and of a ledger, got {value!r:.80}")
    return value
