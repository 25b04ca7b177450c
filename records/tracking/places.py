"""Where MLflow is: what `TIERWISE_TRACKING_URI` means, and no password in anybody's sight."""

import re
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from escalation.text.addresses import host_is_odd, is_http_address, shown_address
from records.store.places import ObjectPlace, place_of

SETTING, ARTIFACTS = "TIERWISE_TRACKING_URI", "TIERWISE_TRACKING_ARTIFACTS"
EXPECTED = "postgresql://…, sqlite:////ABSOLUTE/PATH, or http(s)://… of a server of MLflow"
SQLITE = "sqlite:///"
_BOUNDS = {"connect_timeout": "10", "tcp_user_timeout": "30000"}
"""Of a connection to PostgreSQL, in seconds and milliseconds: who does not answer holds up what is queued."""


class TrackingPlace(NamedTuple):
    """MLflow's address as MLflow is told it, which may hold a password, and where artefacts are written.

    Attributes:
        uri: of a database or a server.
        artifacts: a folder, or a bucket; None where the server takes them.
    """

    uri: str
    artifacts: Path | ObjectPlace | None

    @property
    def shown(self) -> str:
        """The address without its password."""
        return shown_address(self.uri)

    @property
    def file(self) -> Path | None:
        """The database's file, where it is one."""
        return Path(self.uri.removeprefix(SQLITE)) if self.uri.startswith(SQLITE) else None


def tracking_place(settings: Settings) -> TrackingPlace:
    """Where the site has MLflow; by default a SQLite file in the home.

    Artefacts must be where all readers of one MLflow find them: a server takes them itself; of a database
    they are in the folder that is stated, else beside the store's bytes where those are in a shared folder
    or a bucket, else in the home, where this machine alone sees them.

    Raises:
        BadInput: in one line, which repeats no password.
    """
    stated, folder, own = settings.tracking_uri, settings.tracking_artifacts, settings.home / "artifacts"
    if stated is None:
        return TrackingPlace(f"{SQLITE}{settings.home / 'mlflow.db'}", folder or own)
    if re.match(r"(?i)https?:", stated):
        if not is_http_address(stated):
            raise BadInput(f"{SETTING}: expected {EXPECTED}, got one whose host or port can be none")
        if folder is not None:
            raise BadInput(f"{ARTIFACTS}: expected none beside a server of MLflow, which takes the artefacts")
        return TrackingPlace(stated.rstrip("/"), None)
    return TrackingPlace(_database(stated), folder or _shared(settings) or own)


def _database(stated: str) -> str:
    try:
        url = make_url(stated)
    except (ArgumentError, ValueError):  # the second of a port; it repeats what stands there
        raise BadInput(f"{SETTING}: expected {EXPECTED}, got something else") from None
    kind = url.get_backend_name()
    if host_is_odd(url.host, url.port):
        raise BadInput(f"{SETTING}: expected {EXPECTED}, got one whose host or port can be none")
    if kind == "postgresql":
        bounds = {name: value for name, value in _BOUNDS.items() if name not in url.query}
        return _whole(url.set(drivername="postgresql+psycopg").update_query_dict(bounds))
    if kind != "sqlite" or not Path(url.database or "").is_absolute():
        raise BadInput(f"{SETTING}: expected {EXPECTED}, got one of {kind}")
    return _whole(url)


def _whole(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _shared(settings: Settings) -> Path | ObjectPlace | None:
    place = None if settings.store_url is None else place_of(settings.store_url)
    return None if place is None else place / "mlflow-artifacts"
