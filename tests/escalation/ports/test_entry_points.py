"""A site's own packages: installed for real into a folder of their own, found by a process of their own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT

Said = subprocess.CompletedProcess[str]
BACKEND = """\
from backends.local.backend import LocalBackend
from escalation.ports.registry import BackendDescriptor

DESCRIPTOR = BackendDescriptor(
    name={name!r}, backend="{module}:Mine", accepts=("local_call",), summary="A site's own pool."
)

class Mine(LocalBackend):
    name = {name!r}
"""
FAMILY = """\
from dataclasses import replace
from escalation.model.output import Output
from problems.toy.descriptor import DESCRIPTOR as TOY
from problems.toy.family import Toy
from problems.toy.methods import TwoLooks

DESCRIPTOR = replace(TOY, name="site_family", family="its_family:Mine")

class First(TwoLooks):
    def _work(self, view, seed):
        return tuple(replace(each, function="its_family:last") for each in super()._work(view, seed))

class Mine(Toy):
    name = "site_family"
    def methods(self):
        return (First(),)

def last(params, inputs, report):
    return Output({"position": len(params["numbers"]) - 1, "number": params["numbers"][-1]})
"""
POLICY = """\
policy: site
summary: Everything at the site's own.
tiers: [ai]
backends: {local_call: site_backend}
"""


class Site:
    """A folder on PYTHONPATH with distributions in it, and a home for the records."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "site", folder / "home"
        self.folder.mkdir()

    def install(self, distribution: str, group: str, points: dict[str, str], **modules: str) -> None:
        """Lays out what pip does: modules, and beside them the metadata (PyPA's "Entry points", "Recording
        installed projects")."""
        info = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"[tierwise.{group}]", *(f"{name} = {value}" for name, value in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        for module, text in modules.items():
            path = self.folder / f"{module}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def run(self, *command: str, **environ: str) -> Said:
        ours = {"TIERWISE_HOME": str(self.home), "TIERWISE_TRACKING": "off"}
        env = {**os.environ, **environ, **ours, "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=env,
            timeout=200,
            check=False,
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


BUILT_IN = ["aer", "ibm_runtime", "local", "mpi", "pbs", "slurm", "statevector_mpi"]


def test_a_family_and_a_backend_from_outside_run_a_case(site: Site, tmp_path: Path) -> None:
    text = BACKEND.format(name="site_backend", module="its_backend")
    site.install("site-pool", "backends", {"site_backend": "its_backend"}, its_backend=text)
    site.install("site-maths", "families", {"site_family": "its_family:DESCRIPTOR"}, its_family=FAMILY)
    (tmp_path / "policy.yaml").write_text(POLICY)
    problem = {
        "family": "site_family",
        "instance": {"numbers": [1, 2, 9], "reach": 1},
        "target": {"metric": "number", "at_least": 9},
    }
    (tmp_path / "problem.json").write_text(json.dumps(problem))
    done = site.run(
        *("-m", "tierwise", "solve", str(tmp_path / "problem.json")),
        *("--policy", str(tmp_path / "policy.yaml"), "--engine", "plain", "--json"),
    )
    assert done.returncode == 0, done.stderr + done.stdout
    (attempt,) = json.loads(done.stdout)["attempts"]
    assert attempt["backend"] == "site_backend"
    assert attempt["certificate"]["value"] == 9


def test_the_contract_of_a_package_runs_in_its_own_repository(site: Site, tmp_path: Path) -> None:
    text = BACKEND.format(name="mine", module="my_site.descriptor")
    site.install("my-site", "backends", {"mine": "my_site.descriptor"}, **{"my_site/descriptor": text})
    page = (ROOT / "docs/how-to/add-a-backend.md").read_text(encoding="utf-8")
    snippet = re.search(r"<!-- elsewhere -->\n+```python\n(.*?)```", page, re.DOTALL)
    assert snippet is not None
    (tmp_path / "test_mine.py").write_text(snippet[1])
    done = site.run("-m", "pytest", "-q", "--rootdir", str(tmp_path), "-c", os.devnull, str(tmp_path))
    assert done.returncode == 0, done.stdout


BROKEN = [
    ("import not_in_here", "ModuleNotFoundError: No module named 'not_in_here'"),
    ("raise SystemExit('I leave')", "SystemExit: I leave"),
    ("raise BaseException('two\\nlines')", "BaseException: two"),
    ("DESCRIPTION = 7", "AttributeError: module 'broken_3' has no attribute 'DESCRIPTOR'"),
    ("DESCRIPTOR = 7", "expected DESCRIPTOR to be a BackendDescriptor, got int"),
    (BACKEND.format(name="other", module="m"), "to bear the descriptor's name 'other', got 'mine_5'"),
    ("def (", "SyntaxError: invalid syntax"),
]


def test_what_cannot_take_part_is_passed_over_in_one_line_each(site: Site) -> None:
    good = "print('hello')\n" + BACKEND.format(name="good", module="good")
    site.install("site-good", "backends", {"good": "good"}, good=good)
    for number, (text, _) in enumerate(BROKEN):
        module = f"broken_{number}"
        site.install(f"site-{number}", "backends", {f"mine_{number}": module}, **{module: text})
    for name in ("thief", "twin", "double"):
        text = BACKEND.format(name="local" if name == "thief" else "same", module=name)
        site.install(
            f"site-{name}", "backends", {"local" if name == "thief" else "same": name}, **{name: text}
        )
    code = "from escalation.ports.registry import backends; print(*backends(), backends()['local'].backend)"
    done = site.run("-c", f"{code}; backends()")
    assert done.stdout.split() == [*BUILT_IN, "good", "backends.local.backend:LocalBackend"]
    said = [line for line in done.stderr.splitlines() if line != "hello"]
    expected = [
        *(
            (f"backend 'mine_{k}' of the distribution site-{k} (broken_{k})", why)
            for k, (_, why) in enumerate(BROKEN)
        ),
        (
            "backend 'local' of the distribution site-thief (thief)",
            "the name belongs to backends.local.descriptor",
        ),
        (
            "backend 'same' of the distribution site-twin (twin)",
            "another distribution declares the same name",
        ),
        (
            "backend 'same' of the distribution site-double (double)",
            "another distribution declares the same name",
        ),
    ]
    assert len(said) == len(expected)
    for which, why in expected:
        (line,) = [line for line in said if line.startswith(f"{which} is passed over: ")]
        assert why in line


def test_a_family_whose_class_breaks_is_passed_over_and_policies_stand(site: Site) -> None:
    text = FAMILY.replace("its_family:Mine", "its_family:NoSuchClass")
    site.install("site-maths", "families", {"site_family": "its_family"}, its_family=text)
    done = site.run("-m", "tierwise", "policy", "check", "default")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "family 'site_family' of the distribution site-maths" in done.stderr


OWN = """\
from pydantic import Field, SecretStr
from escalation.inputs.settings import OwnSettings

class Mine(OwnSettings):
    site_pin: SecretStr = Field(SecretStr(""), description="Opens the door.")
    site_nodes: int = Field(1, description="How many.")
"""


def test_a_package_reads_settings_of_its_own_and_its_secret_reaches_no_child(site: Site) -> None:
    text = BACKEND.format(name="mine", module="its_backend").replace(
        "summary=", 'settings="its_settings:Mine", summary='
    )
    site.install("site-pool", "backends", {"mine": "its_backend"}, its_backend=text, its_settings=OWN)
    code = (
        "from backends.processes.guarded import environment\n"
        "from escalation.model.errors import BadInput\n"
        "from escalation.ports.configuration import settings\n"
        "from its_settings import Mine\n"
        "print(sorted(name for name in environment(1) if name.startswith('TIERWISE_SITE_')))\n"
        "try:\n    print(settings().ranks, settings().of(Mine).site_nodes)\n"
        "except BadInput as error:\n    print(error)\n"
    )
    bad = site.run("-c", code, TIERWISE_SITE_PIN="1234", TIERWISE_SITE_NODES="many")
    assert bad.stdout.splitlines()[0] == "['TIERWISE_SITE_NODES']", bad.stderr
    assert bad.stdout.splitlines()[1].startswith(
        "setting TIERWISE_SITE_NODES: Input should be a valid integer"
    )
    good = site.run("-c", code, TIERWISE_SITE_NODES="3")
    assert good.stdout.splitlines()[1] == "2 3"
    unknown = site.run("-c", code, TIERWISE_SITE_NODE="3")
    assert "unknown setting TIERWISE_SITE_NODE: expected one of " in unknown.stdout
    assert "TIERWISE_SITE_NODES" in unknown.stdout


def test_a_policy_and_doctor_say_what_was_passed_over(site: Site, tmp_path: Path) -> None:
    site.install("site-pool", "backends", {"site_backend": "gone"}, other="")
    line = "backend 'site_backend' of the distribution site-pool (gone) is passed over: ModuleNotFoundError"
    (tmp_path / "policy.yaml").write_text(POLICY)
    checked = site.run("-m", "tierwise", "policy", "check", str(tmp_path / "policy.yaml"))
    assert checked.returncode == 2
    assert line in checked.stdout + checked.stderr.replace(line, "", 1)
    text = BACKEND.format(name="dumb", module="dumb").replace("summary=", 'devices="dumb:gone", summary=')
    site.install("site-dumb", "backends", {"dumb": "dumb"}, dumb=text)
    listed = site.run("-m", "tierwise", "devices", "--json")
    assert '"name": "dumb"' in listed.stdout, listed.stderr
    assert (
        "its devices cannot be listed: AttributeError: module 'dumb' has no attribute 'gone'" in listed.stdout
    )
    doctor = site.run("-c", "from cli.doctor import site_packages; print(*site_packages())")
    assert doctor.stdout.startswith(f"None {line}")
