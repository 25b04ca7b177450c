"""MLflow's artefacts in the bucket of the store, so that every machine sees them.

MLflow finds it by the entry points in `pyproject.toml` (https://mlflow.org/docs/latest/ml/plugins), also
where somebody runs its pages: it takes the place of MLflow's own for these schemes, which needs a library of
each vendor. The credential is that of the store, in the environment.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlflow.entities import FileInfo
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from records.store.bucket import Bucket
from records.store.places import ObjectPlace, place_of


class BucketArtifacts(ArtifactRepository):  # type: ignore[misc]
    """The files below one artefact location, as MLflow asks for them."""

    def __init__(
        self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
    ) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        place = place_of(artifact_uri)
        assert isinstance(place, ObjectPlace)
        self._bucket = Bucket(place)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Writes one file below `artifact_path`."""
        file = Path(local_file)
        self._bucket.write(_below(artifact_path, file.name), file.read_bytes())

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Writes all files of a folder, in its sub-folders, below `artifact_path`."""
        folder = Path(local_dir)
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                name = _below(artifact_path, file.relative_to(folder).as_posix())
                self._bucket.write(name, file.read_bytes())

    def list_artifacts(self, path: str | None = None) -> list[Any]:
        """What is just below a path; nothing of what is no folder."""
        files, folders = self._bucket.folder(path or "")
        found = [FileInfo(name, False, size) for name, size in files if name != path]
        return sorted([*found, *(FileInfo(name, True, None) for name in folders)], key=lambda info: info.path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Removes a file, or all files below a path."""
        for name in list(self._named(artifact_path or "")):
            self._bucket.remove(name)

    def _named(self, path: str) -> Iterator[str]:
        if path and self._bucket.has(path):
            yield path
        yield from self._bucket.names(path)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        data = self._bucket.found(remote_file_path)
        if data is None:
            raise FileNotFoundError(f"expected {remote_file_path} in {self._bucket.place.url}, got no object")
        Path(local_path).write_bytes(data)


def _below(folder: str | None, name: str) -> str:
    return f"{folder.strip('/')}/{name}" if folder else name
