"""The page on several machines, block by block, on two empty ones: a case that ran on both.

An empty machine has a host name, a boot id, process ids, /var/lib and /tmp of its own; the network is shared.
MLflow is left out, which is a view and takes half a minute to set up.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from deployments.address import free_port
from escalation.inputs.settings import ROOT
from tests.debian import Missing
from tests.docs.test_snippets import Block, blocks_of
from tests.records.postgresql import USER, programs, serving
from tests.records.s3 import serving_s3

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="expected root, who alone may make namespaces"),
    pytest.mark.timeout(900),
]
PAGE = ROOT / "docs/how-to/several-machines.md"
HOME, CREDENTIAL = "/var/lib/tierwise", "/var/lib/tierwise/prefect/credential"
UNSHARE = ("unshare", "--uts", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child")
BOOT = f"""
printf %s "$1" > /proc/sys/kernel/hostname
mount --bind "$2" /proc/sys/kernel/random/boot_id
shift 2
for folder in "$@"; do mount -t tmpfs none "$folder"; done
mkdir -m 0700 {HOME}
echo up
exec sleep infinity
"""
PATIENCE_S = 300.0


class EmptyMachine:
    """A machine with nothing on it but the release."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        """Boots it."""
        boot = folder / f"{name}.boot"
        boot.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
        code = (ROOT, Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve())
        own = [path for path in ("/var/lib", "/tmp") if not any(each.is_relative_to(path) for each in code)]
        self._environment, self._folder, self.name = environment, folder, name
        self._booted = subprocess.Popen(
            [*UNSHARE, "sh", "-c", BOOT, "sh", name, str(boot), *own], stdout=subprocess.PIPE, text=True
        )
        assert self._booted.stdout is not None
        assert self._booted.stdout.readline() == "up\n"
        (first,) = psutil.Process(self._booted.pid).children()
        self._enter = ("nsenter", f"--target={first.pid}", "--uts", "--pid", "--mount", "--")
        self._begun: list[subprocess.Popen[Any]] = []

    def run(self, text: str, given: str | None = None) -> str:
        """Runs a block to its end; returns what it printed."""
        done = subprocess.run(
            [*self._enter, "bash", "-euc", text], input=given, cwd=ROOT, env=dict(self._environment),
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Puts a file there, which is its user's alone."""
        self.run(f'umask 077; mkdir -p "$(dirname {path})"; cat > {path}', text)

    def begin(self, text: str, until: str) -> "subprocess.Popen[bytes]":
        """Runs a block as in a terminal of its own, until it has said something."""
        said = self._folder / f"{self.name}-{len(self._begun)}.log"
        with said.open("wb") as log:
            process = subprocess.Popen(
                [*self._enter, "bash", "-euc", text], cwd=ROOT, env=dict(self._environment),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._begun.append(process)
        deadline = time.monotonic() + PATIENCE_S
        while until not in said.read_text(errors="replace"):
            assert process.poll() is None, said.read_text(errors="replace")
            assert time.monotonic() < deadline, f"{until!r} not in {said.read_text(errors='replace')}"
            time.sleep(0.05)
        return process

    def halt(self) -> None:
        """Ends it, and with it all that runs there."""
        self._booted.kill()
        self._booted.communicate()
        for process in self._begun:
            process.wait(60)


@contextmanager
def site(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, EmptyMachine]]]:
    """The site's servers and two machines; what the page calls them, and the machines by name."""
    port, served = free_port(), free_port()
    with ExitStack() as last_first:
        last_first.enter_context(serving(port))
        s3 = last_first.enter_context(serving_s3())
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": HOME,
            "LANG": "C.UTF-8",
            "TIERWISE_TRACKING": "off",
            **s3.environment,
        }
        machines = {name: EmptyMachine(name, folder, environment) for name in ("head", "node7")}
        for machine in machines.values():
            last_first.callback(machine.halt)
        called = {
            "-h db.site.example": f"-h 127.0.0.1 -p {port} -U {USER}",
            "db.site.example/": f"127.0.0.1:{port}/",
            "198.51.100.7": "127.0.0.1",
            "4200": str(served),
            "s3://site-tierwise/store": s3.url,
        }
        yield called, machines


def interrupt(terminal: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C, for the command that runs there."""
    for process in psutil.Process(terminal.pid).children(recursive=True):
        if "solve" in process.cmdline():
            process.send_signal(signal.SIGINT)


def blocks(called: Mapping[str, str]) -> dict[str, str]:
    """The page's blocks by their mark, a problem by its language, with this site's names."""
    found = {block.mark or block.language: _named(block, called) for block in blocks_of(PAGE)}
    assert list(found) == [
        *("db", f"file: {HOME}/site.env", "head: serves", "node: works", "yaml", "head: stopped", "head"),
    ]
    return found


def _named(block: Block, called: Mapping[str, str]) -> str:
    text = block.text
    for name, here in called.items():
        text = text.replace(name, here)
    return text


@pytest.mark.trial
def test_two_empty_machines_come_to_a_case_that_ran_on_both(tmp_path: Path) -> None:
    try:
        binaries = programs()
    except Missing as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
    with site(tmp_path) as (called, machines):
        head, node, text = machines["head"], machines["node7"], blocks(called)
        databases = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
        subprocess.run(["bash", "-euc", text["db"]], env=databases, check=True, timeout=PATIENCE_S)
        for machine in machines.values():
            machine.write(f"{HOME}/site.env", text[f"file: {HOME}/site.env"])
        head.begin(text["head: serves"], "Ctrl-C stops")
        node.write(CREDENTIAL, head.run(f"cat {CREDENTIAL}"))
        node.begin(text["node: works"], "started")
        head.write(f"{HOME}/problem.yaml", text["yaml"])
        stopped = head.begin(text["head: stopped"], ": ai/")
        interrupt(stopped)
        assert stopped.wait(PATIENCE_S) == 130
        head.run(text["head"])
        shown: dict[str, Any] = json.loads(head.run(f"cat {HOME}/both.json"))
    assert shown["status"] == "accepted"
    ran = [{work["provenance"]["host"] for work in attempt["works"]} for attempt in shown["attempts"]]
    assert ran == [{"head"}, {"node7"}]
