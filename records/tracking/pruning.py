"""Takes the files of cases that were pruned out of MLflow: what it shows of them beside stays."""

from collections.abc import Iterator
from typing import Any

from records.tracking.client import open_client
from records.tracking.heads import case_runs
from records.tracking.places import TrackingPlace

PRUNED = "tierwise.files_pruned"
"""A tag of a case's run: the files of its runs were taken out."""
_OF_CASE = ("report.html", "instance.data")
_OF_ATTEMPT = ("work", "candidate")
"""What repeats bytes of the store; what repeats rows of the ledger stays."""
MODEL = "tierwise.model"


def prune_runs(place: TrackingPlace, ledger: str, case_ids: frozenset[str]) -> int:
    """Takes the files out of the runs of those cases, unless that was done; returns of how many.

    Raises:
        Exception: of MLflow or what is under it, where it cannot be had.
    """
    client, done = open_client(place), 0
    for run in case_runs(client, ledger):
        if run.data.tags["tierwise.case_id"] in case_ids and PRUNED not in run.data.tags:
            _prune_run(client, place, run)
            done += 1
    return done


def _prune_run(client: Any, place: TrackingPlace, run: Any) -> None:
    _remove(place, run.info.artifact_uri, _OF_CASE)
    for attempt in _attempts(client, run):
        _remove(place, attempt.info.artifact_uri, _OF_ATTEMPT)
        model = attempt.data.tags.get(MODEL)
        if model is not None:
            _remove(place, client.get_logged_model(model).artifact_location, (None,))
    client.set_tag(run.info.run_id, PRUNED, "true")


def _attempts(client: Any, run: Any) -> Iterator[Any]:
    where = f"tags.`mlflow.parentRunId` = '{run.info.run_id}' and tags.`tierwise.kind` = 'attempt'"
    yield from client.search_runs([run.info.experiment_id], where)


def _remove(place: TrackingPlace, uri: str, paths: tuple[str | None, ...]) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(uri, tracking_uri=place.uri)
    for path in paths:
        repository.delete_artifacts(path)
