"""Run by the Python of the validator's own environment: what it finds in crates, as JSON, without network.

python offline.py CACHE CRATE…
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

import rocrate
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from rocrate_validator import models, services
from urllib3 import HTTPResponse

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


class Shipped(HTTPAdapter):
    """Answers every request with the context that the rocrate package ships."""

    def send(self, request: Any, *_: Any, **__: Any) -> Any:
        data = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
        kind = {"Content-Type": "application/ld+json"}
        raw = HTTPResponse(io.BytesIO(data), kind, 200, preload_content=False, request_url=request.url)
        return self.build_response(request, raw)


def keep_context(cache: Path) -> None:
    """Puts the context where the validator keeps what it fetched before."""
    with CachedSession(str(cache), backend="sqlite") as session:
        session.mount("https://", Shipped())
        session.get(CONTEXT)


def issues(cache: Path, **crate: Any) -> list[str]:
    """A line on each finding at RECOMMENDED or above, and which check found it."""
    settings = services.ValidationSettings(
        profile_identifier="provenance-run-crate",
        requirement_severity=models.Severity.RECOMMENDED,
        cache_path=cache,
        offline=True,
        **crate,
    )
    found = services.validate(settings).get_issues()
    return [f"{each.severity.name} {each.check.identifier} {each.message}" for each in found]


def both(crate: Path, cache: Path) -> dict[str, list[str]]:
    """What is found in the folder, and in its metadata alone, whose names then begin with `https:`."""
    metadata = json.loads((crate / "ro-crate-metadata.json").read_text())
    return {
        "folder": issues(cache, rocrate_uri=str(crate)),
        "metadata": issues(cache, metadata_dict=metadata),
    }


if __name__ == "__main__":
    keep_context(Path(sys.argv[1]))
    sys.stdout.write(json.dumps({each: both(Path(each), Path(sys.argv[1])) for each in sys.argv[2:]}))
