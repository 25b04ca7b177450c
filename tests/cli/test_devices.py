"""`tierwise devices --history`: the calibrations kept of a device, and how far it drifted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backends.ibm_runtime.calibration import calibration
from escalation.inputs.settings import Settings
from tasks.calibrations import keep

Call = Callable[..., Any]
DEVICE = "ibm_runtime:fake_boston"


def test_history_shows_each_calibration_that_was_kept_once(home: Path, call: Call) -> None:
    first = calibration("fake_boston")
    later = first.model_copy(update={"calibrated_at": datetime(2026, 11, 20, tzinfo=UTC)})
    digests = [keep(Settings(home=home), DEVICE, found)[0] for found in (first, later, later)]
    said = call("devices", "--history", DEVICE)
    assert said.code == 0
    assert [digest[:12] in said.out for digest in digests] == [True] * 3
    found = [json.loads(line) for line in call("devices", "--history", DEVICE, "--json").out.splitlines()]
    assert [each["digest"] for each in found] == digests[:2]
    assert (found[0]["drift"], found[1]["drift"]) == (None, 0.0)


def test_a_device_of_which_nothing_was_kept_or_that_is_not_known_is_one_line(call: Call) -> None:
    for device in (DEVICE, "ibm_runtime:fake_nowhere", "nothing"):
        said = call("devices", "--history", device)
        assert (said.code, said.err.count("\n"), said.out) == (2, 1, ""), device


def test_json_has_every_device_as_policies_spell_it(call: Call) -> None:
    names = [json.loads(line)["name"] for line in call("devices", "--json").out.splitlines()]
    assert {"local", "mpi", "aer", DEVICE} <= set(names)
