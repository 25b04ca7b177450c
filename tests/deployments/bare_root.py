"""The images' steps in bare Debian roots, without pulling an image: `make container-test`.

Two roots are made from Debian's archive, as the two stages of the images begin; `steps.sh` makes in one the
program with its environment, and in the other what runs it, as the user that it makes there. Needs root, a
few gigabytes below TMPDIR, and minutes. Archives, indices, proxies and certificates are this machine's own.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from escalation.inputs.settings import ROOT
from tests.debian import installed

FOLDER = "deployments/container"
STEPS = f"{FOLDER}/steps.sh"
USER = "10001:10001"
EXAMPLE = "/opt/tierwise/examples/breast_cancer.yaml"
_APT = ("Acquire::http::", "Acquire::https::", "Acquire::Retries")
_CERTIFICATES = "/etc/tierwise-test-certificates.crt"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main() -> None:
    """Makes both roots, solves an example in the second, and says what took how long."""
    with TemporaryDirectory(prefix="tierwise-root-") as folder:
        build, final = Path(folder, "build"), Path(folder, "final")
        _timed("a bare Debian", lambda: bare(build))
        # not shutil.copytree, which would read what the root's /dev/zero says to the end
        subprocess.run(["cp", "--archive", build, final], check=True)
        _timed("the checkout", lambda: copy_checkout(build / "src"))
        _timed("steps.sh build", lambda: inside(build, ["sh", f"/src/{STEPS}", "build", "/src"]))
        shutil.copy(ROOT / STEPS, final / "tmp")
        _timed("steps.sh run", lambda: inside(final, ["sh", "/tmp/steps.sh", "run"]))
        (build / "opt/tierwise").rename(final / "opt/tierwise")
        _timed("tierwise solve", lambda: solve(final))
    sys.stdout.write("the steps of the images work in a bare Debian\n")


def bare(root: Path) -> None:
    """What an image of Debian has: essential packages, apt, and nothing else."""
    program = installed(Path("/usr/bin/mmdebstrap"), "mmdebstrap")
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    options = [f"--aptopt={line}" for line in dump.splitlines() if line.startswith(_APT)]
    sources = [
        path
        for path in (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d/debian.sources"))
        if path.exists() and path.stat().st_size
    ]
    command = [program, "--quiet", "--mode=root", "--variant=minbase", *options, "bookworm", root, *sources]
    subprocess.run([str(part) for part in command], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    if found := os.environ.get("SSL_CERT_FILE"):
        shutil.copy(found, root / _CERTIFICATES.lstrip("/"))


def copy_checkout(target: Path) -> None:
    """The files of the checkout as they are now, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def inside(root: Path, command: Sequence[str], user: str | None = None, **more: str) -> None:
    """Runs a command in a root, with its own mounts and processes, of which nothing is left afterwards.

    Raises:
        subprocess.CalledProcessError: when it fails.
    """
    mounts = "mount -t proc proc $0/proc && mount --rbind /dev $0/dev && exec chroot"
    words = " ".join([f"--userspec={user}"] if user else [])
    subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ceu",
         f'{mounts} {words} "$0" "$@"', str(root), *command],
        env={**_registries(), "PATH": _PATH, "LC_ALL": "C.UTF-8", **more},
        check=True,
        timeout=3600,
    )  # fmt: skip


def solve(root: Path) -> None:
    """An example, as the image's user, from the program that it cannot change."""
    home = "/var/lib/tierwise"
    command = ["env", "-C", home, "/opt/tierwise/.venv/bin/tierwise", "solve", EXAMPLE]
    inside(root, command, USER, TIERWISE_HOME=home, HOME=home)
    made = root / home.lstrip("/") / "ledger.db"
    assert f"{made.stat().st_uid}:{made.stat().st_gid}" == USER
    assert not os.access(root / "usr/bin/make", os.F_OK), "what builds is not in what runs"


def _registries() -> Mapping[str, str]:
    """How this machine reaches its registries: indices, proxies, certificates."""
    named = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("UV_", "PIP_INDEX", "PIP_EXTRA")) or name.lower().endswith("_proxy")
    }
    if "SSL_CERT_FILE" in os.environ:
        named |= dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"), _CERTIFICATES)
    return named


def _timed(what: str, step: Callable[[], object]) -> None:
    began = time.monotonic()
    step()
    sys.stdout.write(f"{what}: {time.monotonic() - began:.0f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
