"""`tierwise doctor`: does what a run needs work here, and if not, how to get it."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue

from cli.terminal import plain, shorten, terminal
from deployments.setup import POOL
from deployments.watching import Api, errors_in, troubles, worrying
from escalation.engine.pending import open_cases
from escalation.inputs.environment import PACKAGES, versions
from escalation.inputs.home import close_to_others
from escalation.model.errors import first_line
from escalation.ports.configuration import settings
from escalation.ports.registry import backend_packages, passed_over
from escalation.submission.unattended import unattended
from escalation.text.addresses import without_password
from escalation.text.wording import counted
from flows.engine import auth_string, served_home, served_url, server_url, what_is_wrong
from records.runtime import open_records
from records.tracking.places import tracking_place

Found = tuple[bool | None, str]
Check = Callable[[], Found]
"""Says whether something is as it should be (None: it works, and somebody should yet look), and more."""
PATIENCE_S = 3.0
"""Seconds after which it is said what a check does."""
MOST_S = 120.0
"""Seconds that a check may take."""
_SHOWN = {True: "[green]ok  [/]", None: "[yellow]warn[/]", False: "[red]FAIL[/]"}


def examine() -> int:
    """Runs all checks, printing each as it ends; returns 1 when one failed, 0 otherwise."""
    console, failed, warned = terminal(), 0, 0
    for name, check in CHECKS.items():
        with console.status(f"checking {name}"):
            good, message = within(check, lambda does: console.print(f"[dim]     {does}[/]"))
        failed += good is False
        warned += good is None
        console.print(f"{_SHOWN[good]} {name}: {plain(message)}", soft_wrap=True)
    console.print(conclusion(failed, warned))
    return 1 if failed else 0


def within(check: Check, say: Callable[[str], object], patience_s: float = PATIENCE_S) -> Found:
    """What a check finds, in bounded time; says what it does where that takes a while.

    Args:
        check: the first sentence of its docstring is said.
        say: to somebody who waits.
        patience_s: seconds until then.
    """
    found: Queue[Found] = Queue()
    # a thread that does not end is left to the end of the process
    threading.Thread(target=lambda: found.put(safely(check)), daemon=True).start()
    with suppress(Empty):
        return found.get(timeout=patience_s)
    what = (check.__doc__ or "").partition(".")[0]
    say(f"takes a while, {MOST_S:.0f} s at most: {what[:1].lower()}{what[1:]}")
    with suppress(Empty):
        return found.get(timeout=MOST_S)
    if check is databases:  # of a large site
        return None, f"not all was looked at within {MOST_S:.0f} s: the flow `audit` does that every night"
    return False, f"not known: it took more than {MOST_S:.0f} s"


def conclusion(failed: int, warned: int) -> str:
    """Whether to worry."""
    warnings = (
        f"{counted(warned, 'warning', 'warnings')}: what it is about works, and somebody should yet look"
    )
    if failed:
        return f"{failed} of {len(CHECKS)} checks failed" + (f"; {warnings}" if warned else "")
    return warnings if warned else "all is well"


def safely(check: Check) -> tuple[bool | None, str]:
    """What a check finds; one that breaks has failed, and says how."""
    try:
        return check()
    except subprocess.TimeoutExpired as error:
        return False, f"no answer within {error.timeout:.0f} s"
    except Exception as error:
        return False, first_line(error)


def python_version() -> tuple[bool, str]:
    """CPython 3.11, which the lock is made for."""
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info[:2] == (3, 11)
    return good, f"Python {version}" + ("" if good else "; expected 3.11: make the environment with `make`")


def packages() -> tuple[bool, str]:
    """Whether everything that is imported at run time is installed."""
    names = dict.fromkeys((*PACKAGES, *backend_packages()))
    missing = sorted(set(names) - set(versions(names)))
    return not missing, f"missing {', '.join(missing)}; run `make`" if missing else f"{len(names)} found"


def site_packages() -> tuple[bool | None, str]:
    """Whether every family and backend that a site's own packages declare takes part."""
    over = passed_over()
    if over:
        return None, "; ".join(overdue.line for overdue in over)
    return True, "every family and backend that is declared takes part"


def mpi() -> tuple[bool, str]:
    """Whether the launcher really makes one world of the ranks asked for."""
    from backends.mpi.check import check_ranks

    return check_ranks(settings(), settings().ranks)


def slurm() -> tuple[bool | None, str]:
    """Whether Slurm, where it is here, would take a small job."""
    from backends.batch.check import check
    from backends.slurm.settings import SlurmSettings
    from backends.slurm.slurm import Slurm

    return check(Slurm(settings().of(SlurmSettings).site), settings())


def pbs() -> tuple[bool | None, str]:
    """Whether PBS, where it is here, answers, and has a queue that is open."""
    from backends.batch.check import check
    from backends.pbs.pbs import Pbs
    from backends.pbs.settings import PbsSettings

    return check(Pbs(settings().of(PbsSettings).site), settings())


def prefect_server() -> tuple[bool, str]:
    """Whether the server's application imports (it needs its own fastapi)."""
    code = "import prefect, prefect.server.api.server; print(prefect.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=MOST_S - 5, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return False, f"{last}; install what requirements.lock says: `make`"
    return True, f"Prefect {done.stdout.strip()} imports"


def databases() -> tuple[bool | None, str]:
    """Whether ledger, store and MLflow hold what the ledger says; a fresh ledger where there is none yet.

    One that other machines may reach, and that serves one alone, is warned of.
    """
    from records.audit.audit import audit_site
    from records.ledger.one_machine import beyond_one

    report = audit_site()
    if not report.findings:
        remark = beyond_one(settings().ledger)
        return None if remark else True, f"{report.said}: all as the ledger says{remark}"
    first, more = report.findings[0], len(report.findings) - 1
    return False, first + (f"; and {more} more, which `tierwise ledger check` lists" if more else "")


def kept_bytes() -> tuple[bool, str]:
    """Whether the store takes bytes, gives them back, and is content with the same bytes again."""
    data = b"tierwise doctor\n"
    with open_records() as (_, store):
        digest = store.put(data)
        good = store.audit(digest) == len(data) and store.put(data) == digest and store.get(digest) == data
    return good, f"bytes are kept in {store.where}" if good else f"{store.where} gives other bytes back"


def jobs() -> tuple[bool, str]:
    """Whether somebody looks after every job that may be charged; see `escalation.submission.unattended`."""
    with open_records() as (ledger, _):
        waiting, away = unattended(ledger, ledger.now_s()), open_cases(ledger)
    if waiting:
        return False, "; ".join(submission.line for submission in waiting)
    have = counted(len(away), "case has", "cases have")
    return True, f"{have} work at a service" + (", all of it looked after" if away else "")


def serving() -> tuple[bool, str]:
    """Whether the server that is configured can be used, its scheduler plans runs and a worker takes them."""
    url = server_url()
    if url is None:
        return True, "nothing is served from this home; `tierwise serve` does"
    wrong = what_is_wrong(url)
    if wrong or url != served_url():
        return not wrong, wrong or f"a Prefect server that somebody else runs answers at {url}"
    problems = troubles(Api(url, auth_string(url)), POOL)
    return not problems, "; ".join(problems) or f"{url}: runs are planned, and a worker takes them"


def server_log() -> tuple[bool | None, str]:
    """Whether the server wrote errors, since `tierwise serve` began, that it does not make good by itself."""
    if served_url() is None:
        return True, "nothing is served from this home"
    log = served_home() / "server.log"
    errors = errors_in(log)
    worries = worrying(errors)
    if worries:
        last = shorten(worries[-1].split(" | ", 1)[-1], 200)
        return None, f"{counted(len(worries), 'error', 'errors')} since it began, the last: {last}; see {log}"
    if errors:
        made_good = counted(len(errors), "error", "errors")
        return True, f"{made_good} that Prefect made good by itself, nothing to do; {log}"
    return True, "no errors"


def tracking() -> tuple[bool, str]:
    """Whether MLflow can be asked; whether a fresh database of it migrates, where there is none yet."""
    place = tracking_place(settings())
    fresh = place.file is not None and not place.file.exists()
    with tempfile.TemporaryDirectory() as folder:
        # the address may hold a password, and what is on a command line is seen by all
        uri = f"sqlite:///{folder}/mlflow.db" if fresh else place.uri
        env = {**os.environ, "TIERWISE_TRACKING_URI": uri}
        done = subprocess.run(
            [sys.executable, "-c", _ASKED],
            env=env,
            capture_output=True,
            text=True,
            timeout=MOST_S - 5,
            check=False,
        )
    if done.returncode:
        return False, without_password((done.stderr.strip().splitlines() or ["no output"])[-1], place.uri)
    if fresh:
        return True, "MLflow's database migrates"
    return True, f"{counted(int(done.stdout), 'experiment', 'experiments')} in {place.shown}"


_ASKED = """
import logging, os, sys
from escalation.model.errors import first_line
from records.tracking.client import open_client
from records.tracking.places import TrackingPlace
logging.disable(logging.INFO)
try:
    print(len(open_client(TrackingPlace(os.environ["TIERWISE_TRACKING_URI"], None)).search_experiments()))
except Exception as error:
    sys.exit(first_line(error))
"""


def home() -> tuple[bool, str]:
    """Whether the folder of the records can be written, and by its user alone; what was open is closed."""
    folder = settings().home
    closed = close_to_others(folder, thorough=True)
    what = counted(closed, "file or folder", "files and folders")
    was, now = ("was", "is") if closed == 1 else ("were", "are")
    remark = f"; {what} in it {was} open to other users, and {now} closed now" if closed else ""
    with tempfile.NamedTemporaryFile(dir=folder):
        return True, f"records go to {folder}, which its user alone can read{remark}"


CHECKS: dict[str, Check] = {
    "python": python_version,
    "packages": packages,
    "families and backends": site_packages,
    "records folder": home,
    "store": kept_bytes,
    "jobs": jobs,
    "serving": serving,
    "server's log": server_log,
    "ledger": databases,
    "Slurm": slurm,
    "PBS": pbs,
    "MPI": mpi,
    "Prefect server": prefect_server,
    "MLflow": tracking,
}
"""The quick ones first."""
