"""A vendor's words stay in its backend's folder: what is around it must serve the next vendor as well."""

import re
import subprocess

from escalation.inputs.settings import ROOT

AT_HOME = ("backends/ibm_runtime/", "practice/", "docs/", "tests/", "bench/")
EXAMPLE = re.compile(r"`ibm_runtime(:\w+)?`")
"""A device as policies spell it, in a docstring."""


def test_no_code_outside_its_backend_knows_a_vendor() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], capture_output=True, text=True, cwd=ROOT, check=True)
    files = [name for name in listed.stdout.split() if not name.startswith(AT_HOME)]
    assert len(files) > 300
    found = [
        f"{name}: {line.strip()}"
        for name in files
        if (ROOT / name).exists()
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if "ibm" in EXAMPLE.sub("", line).lower()
    ]
    assert found == []
