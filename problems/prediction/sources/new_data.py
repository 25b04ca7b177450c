"""New data for a model that was learnt from data of any source: read, and made into columns, as those were.

What a file of labels says is not needed: no outcome is looked at. Where features depend on more than a row's
own data and what the problem states (the size of all pictures, the grid of all series), the record has it
under `made` of the instance's source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from escalation.inputs.document import Document
from escalation.model.errors import BadInput
from escalation.ports.registry import resolve
from escalation.text.nearest import did_you_mean
from escalation.text.wording import listed
from problems.prediction.sources.source import SourceDescriptor, parse_spec
from problems.prediction.stated.spec import RowsSpec
from toolbox.tables.raw import RawTable

SEVERAL = (".yaml", ".yml")
"""Names of files that say which file is what, where the model was learnt from files of several kinds."""


@dataclass(frozen=True)
class Learnt:
    """What a model was learnt from.

    Attributes:
        spec: as the problem stated it, with the files of then.
        features: names of the model's columns, in order.
        source: what the record says of the source.
        target: name of the outcome; empty where it has none.
    """

    spec: RowsSpec
    features: tuple[str, ...]
    source: Mapping[str, Any]
    target: str = ""

    def made(self) -> Mapping[str, Any]:
        """With what the features were made.

        Raises:
            BadInput: when the record does not say.
        """
        if "made" not in self.source:
            raise BadInput(
                "the record does not say how features were made of the files, so no new ones can be made "
                "alike: solve the problem again"
            )
        found: Mapping[str, Any] = self.source["made"]
        return found


def read_new(
    instance: Mapping[str, Any], recorded: Mapping[str, Any], path: Path, folder: Path
) -> tuple[RawTable, SourceDescriptor]:
    """Returns a table that has a model's columns, and the source that read it.

    Args:
        instance: as the problem states it.
        recorded: what the record has of the instance, see `TableInstance.describe`.
        path: of new data of the kind that was learnt from; or of a YAML file that says which file is what, by
            the names of the problem's fields.
        folder: where paths start from.

    Raises:
        BadInput: with one clear line.
    """
    source, spec = parse_spec(instance)
    if not source.read_new:
        raise BadInput(f"new data of the source {source.name!r} cannot be read: it does not say how")
    files = _files(source, instance, path, folder)
    beside = folder / path.parent if path.suffix.lower() in SEVERAL else folder
    features = tuple(each["name"] for each in recorded["features"])
    learnt = Learnt(spec, features, recorded.get("source", {}), recorded.get("target", ""))
    # of the fields that name files those that are not given name none, rather than the old ones
    fields = {name: files.get(name) for name in (*source.named_by, *source.files) if hasattr(spec, name)}
    table: RawTable = resolve(source.read_new)(spec.model_copy(update=fields), beside, learnt)
    if not len(table):
        raise BadInput(f"{path}: expected rows, got none")
    # a mark of missing values may well be absent from a few rows
    remarks = tuple(said for said in table.remarks if not said.startswith("na_values"))
    return replace(table, remarks=remarks), source


def _files(
    source: SourceDescriptor, instance: Mapping[str, Any], path: Path, folder: Path
) -> Mapping[str, str | tuple[str, ...]]:
    """The new files by the fields that name them."""
    field = next(name for name in source.named_by if instance.get(name) is not None)
    if path.suffix.lower() not in SEVERAL:
        return {field: str(path)}
    said = Document.read(folder / path, name=str(path)).data
    if not isinstance(said, Mapping):
        raise BadInput(f"{path}: expected a field and its file a line, as `samples: people.csv`")
    known = (*source.named_by, *source.files)
    for name, files in said.items():
        if name not in known:
            near = did_you_mean(str(name), known)
            raise BadInput(f"{path}: expected files under {listed(known, most=None)}, got {name!r}{near}")
        if not isinstance(files, str) and not _texts(files):
            raise BadInput(f"{path}: {name}: expected a path or several, got {files!r}")
    if field not in said:
        raise BadInput(f"{path}: expected new files under {field!r}, as the problem has them there")
    return {name: files if isinstance(files, str) else tuple(files) for name, files in said.items()}


def _texts(files: object) -> bool:
    return isinstance(files, list) and bool(files) and all(isinstance(each, str) for each in files)


def listed_paths(paths: str | Sequence[str]) -> list[str]:
    """One path or several, as a list."""
    return [paths] if isinstance(paths, str) else list(paths)
