"""Clocks and identities, under clocks that are set and in other namespaces, as the kernel makes them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from escalation.inputs.settings import ROOT
from escalation.model.clock import Instant, ProcessIdentity, boottime_s, this_process

OTHER = """
import json, sys
from escalation.model.clock import Instant, ProcessIdentity, this_process
who, since = json.loads(sys.argv[1]), Instant(**json.loads(sys.argv[2]))
print(json.dumps([ProcessIdentity.from_json(who).alive(), since.age_s(), this_process().alive()]))
"""

root = pytest.mark.skipif(os.geteuid() != 0, reason="expected root, who alone may make namespaces")


def asked(*prefix: str, environment: Mapping[str, str] | None = None) -> Any:
    """What another process says: whether this one lives, how old this moment is, whether itself lives."""
    who, since = json.dumps(this_process().to_json()), json.dumps(vars(Instant.now()))
    command = [*prefix, sys.executable, "-c", OTHER, who, since]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_another_process_sees_this_one_and_its_moments() -> None:
    lives, age_s, itself = asked()
    assert (lives, itself) == (True, True)
    assert 0 <= age_s < 60


@pytest.mark.parametrize("step", ["+3s", "-3s", "+1d", "-400d"])
def test_a_clock_that_is_set_changes_no_identity_and_no_age(faketime: Mapping[str, str], step: str) -> None:
    lives, age_s, itself = asked(environment={**faketime, "FAKETIME": step})
    assert (lives, itself) == (True, True)
    assert 0 <= age_s < 60


@root
def test_a_process_id_says_nothing_in_another_namespace() -> None:
    prefix = ["unshare", "--pid", "--fork", "--kill-child"]
    lives, age_s, itself = asked(*prefix, "--mount-proc")
    assert (lives, itself) == (None, True)
    assert 0 <= age_s < 60  # the kernel is the same, and so is its clock
    assert asked(*prefix)[::2] == [None, True]  # also where /proc still shows the outer namespace


@root
def test_a_clock_that_counts_from_elsewhere_tells_no_age() -> None:
    assert asked("unshare", "--time", "--boottime=1000", "--fork", "--kill-child") == [None, None, True]


def test_a_later_process_of_the_same_id_is_another() -> None:
    me = this_process()
    later = ProcessIdentity.from_json({**me.to_json(), "started": me.started + 1})
    assert me.alive() is True
    assert later.alive() is False


def test_a_killed_process_that_nobody_waited_for_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    who = ProcessIdentity.of(child.pid)
    assert who.alive() is True
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is dead, and stays a zombie
    assert who.alive() is False
    child.wait()
    assert who.alive() is False
    with pytest.raises(ProcessLookupError):
        ProcessIdentity.of(child.pid)


def test_the_start_of_a_process_is_counted_from_the_boot() -> None:
    # /proc/uptime is the kernel's own word on the same clock, to a hundredth of a second
    with open("/proc/uptime", encoding="ascii") as file:
        uptime_s = float(file.read().split()[0])
    assert abs(boottime_s() - uptime_s) < 60
    assert this_process().started / os.sysconf("SC_CLK_TCK") <= uptime_s
