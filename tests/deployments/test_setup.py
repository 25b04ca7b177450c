"""What is deployed: the flows of the project, and one for every family found."""

import importlib.metadata
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployments.setup import configured_server, stated
from escalation.model.errors import BadInput
from escalation.ports import registry
from escalation.ports.registry import FamilyDescriptor, families
from tests.deployments.open_server import serving


def known(monkeypatch: pytest.MonkeyPatch, more: FamilyDescriptor) -> None:
    """Has one more family found."""
    found = registry._families()
    after = replace(found, known={**found.known, more.name: more})
    monkeypatch.setattr(registry, "_families", lambda: after)


def test_every_family_found_has_a_deployment_of_its_flow() -> None:
    points = [each["entrypoint"] for each in stated()]
    assert {f"flows.entry.{each.verb}" for each in families().values()} < set(points)
    assert len(points) == len(set(points))


def test_two_flows_of_a_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, replace(families()["toy"], name="second", flow="escalate"))
    with pytest.raises(BadInput, match="two flows are called 'escalate'"):
        stated()


@pytest.mark.parametrize("change", [{"form": "site_sack:NoForm"}, {"flow": "escalate"}])
def test_a_sites_family_that_cannot_have_a_flow_stops_no_other(
    change: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = stated()
    toy = families()["toy"]
    known(monkeypatch, replace(toy, name="site_sack", family="site_sack.family:Sack", **change))
    with caplog.at_level(logging.WARNING):
        assert stated() == before
    assert "family 'site_sack' has no flow" in caplog.text


def test_a_server_that_lets_everybody_in_is_used_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    version = f'"{importlib.metadata.version("prefect")}"'
    with serving({"/api/health": "true", "/api/admin/version": version}) as (port, _):
        url = f"http://127.0.0.1:{port}/api"
        monkeypatch.setenv("PREFECT_API_URL", url)
        said: list[str] = []
        assert configured_server(said.append) == url
    assert said[0].startswith(f"WARNING: {url} asks nobody who he is")


def test_without_a_server_there_is_nothing_to_deploy_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path))
    with pytest.raises(BadInput, match="no Prefect server is configured: set PREFECT_API_URL"):
        configured_server(print)
