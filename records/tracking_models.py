"""Candidates' models as MLflow logged models: an `MLmodel` file with signature beside the model's own bytes.

No pickle, and no `python_function` flavour: the flavour `tierwise` names the format, and the family's own
reader (which the verifier uses too) is what loads the bytes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from escalation.attempt import Attempt, Candidate
from escalation.case import CaseInfo
from records.tracking_client import laid_out, safe

FLAVOUR = "tierwise"
_MODEL = "model"
_FORMAT = "model_format"


def log_model(client: Any, run: Any, info: CaseInfo, attempt: Attempt, candidate: Candidate) -> str | None:
    """Logs the candidate's model, if it carries one: a file `model` and a value `model_format`.

    Args:
        client: of MLflow.
        run: the attempt's run.
        info: of the case; its instance's `features` make the signature.
        attempt: whose candidate it is.
        candidate: as the verifier saw it.

    Returns:
        The id of the logged model, None where there is no model.
    """
    if _MODEL not in candidate.files or not isinstance(candidate.values.get(_FORMAT), str):
        return None
    from mlflow.entities import LoggedModelOutput

    logged = client.create_logged_model(
        run.info.experiment_id,
        name=safe(f"{info.problem.family}-{attempt.method}").replace(".", "_"),
        source_run_id=run.info.run_id,
        tags=_tags(info, attempt),
        model_type=candidate.values[_FORMAT],
    )
    try:
        _save(client, logged, run, info, candidate)
    except Exception:
        client.finalize_logged_model(logged.model_id, "FAILED")
        raise
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run.info.run_id, [LoggedModelOutput(logged.model_id, 0)])
    return str(logged.model_id)


def _save(client: Any, logged: Any, run: Any, info: CaseInfo, candidate: Candidate) -> None:
    from mlflow.models import Model

    blob = candidate.files[_MODEL]
    model = Model(
        artifact_path=logged.artifact_location,
        run_id=run.info.run_id,
        signature=signature(info.instance.get("features")),
        model_id=logged.model_id,
        model_size_bytes=blob.size,
        metadata={"sha256": blob.digest, "case_id": info.case_id},
    )
    model.add_flavor(FLAVOUR, data=_MODEL, format=candidate.values[_FORMAT], sha256=blob.digest)
    with laid_out({_MODEL: blob.data}) as folder:
        model.save(str(folder / "MLmodel"))
        client.log_model_artifacts(logged.model_id, str(folder))


def signature(columns: Any) -> Any:
    """The signature of a table model: the columns in, one number (the score) out; None without columns.

    Args:
        columns: of the instance's description, each with `name` and `kind` (`number` or `category`).
    """
    if not isinstance(columns, Sequence) or isinstance(columns, str) or not columns:
        return None
    if not all(isinstance(column, Mapping) and {"name", "kind"} <= set(column) for column in columns):
        return None
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    types = {"number": "double", "category": "string"}
    inputs = [ColSpec(types.get(column["kind"], "string"), column["name"]) for column in columns]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec("double", "score")]))


def _tags(info: CaseInfo, attempt: Attempt) -> dict[str, str]:
    status = attempt.certificate.status if attempt.certificate else "none"
    return {
        "tierwise.case_id": info.case_id,
        "tierwise.attempt": str(attempt.number),
        "tierwise.certificate": str(status),
        "tierwise.device_kind": attempt.device_kind,
    }
