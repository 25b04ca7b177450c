"""Serves the project on this machine: Prefect's server and pages, the deployments, a worker."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from deployments.address import LOOPBACK, PREFECTS_OWN_PORT, Address, checked_address
from deployments.database import VARIABLE, check_database, stated_database, without_database
from deployments.front.users import Users
from deployments.keeping import Keeper
from deployments.practising import practising
from deployments.processes import Say, client_environment, running_server, users_settings
from deployments.setup import POOL
from deployments.watching import Api, troubles
from deployments.worker import STOP_S, runs_interrupted, worker_command
from escalation.inputs.home import close_folder, close_to_others
from escalation.inputs.settings import ROOT
from escalation.inputs.surroundings import past_proxies, private_files
from escalation.model.clock import kernel
from escalation.model.errors import BadInput, TierwiseError
from escalation.ports.configuration import is_secret, settings, variables, without_secrets
from escalation.ports.forms import FILES, in_places
from escalation.submission.unattended import unattended
from escalation.text.addresses import shown_address
from escalation.text.visible import visible
from flows.credential import credential, credential_file
from flows.engine import SERVER_FILE, served_home
from records.ledger.locking import file_lock
from records.runtime import open_records

FIRST_LOOK_S = 180.0
LOOK_S = 60.0


@dataclass(frozen=True)
class Serving:
    """What is served, and to whom."""

    address: Address
    """Where the server listens."""
    database: str | None = None
    """URL of Prefect's own database; None: SQLite in its folder."""
    practice: bool = False
    """Whether a practice service is started too, and the worker told of it."""
    worker: bool = True
    """Whether a worker runs here."""
    elsewhere: bool = False
    """Whether the usual port was taken, so that it listens at a free one."""


def wanted(
    port: int | None,
    host: str | None,
    url: str | None,
    database: str | None,
    *,
    practice: bool,
    worker: bool,
) -> Serving:
    """What the command line asks for, checked.

    Raises:
        BadInput: when it cannot be had, or would not be safe; says why.
    """
    if practice and not worker:
        raise BadInput("expected --practice without --no-worker: nobody else may use the practice service")
    address = checked_address(port, LOOPBACK if host is None else host, url)
    found = stated_database(database)
    if found:
        check_database(found)
    elsewhere = port is None and address.port != PREFECTS_OWN_PORT
    return Serving(address, found, practice, worker, elsewhere)


def serve(what: Serving, say: Say = sys.stdout.write, home: Path | None = None) -> None:
    """Serves until Ctrl-C or SIGTERM, then stops everything it started.

    Args:
        what: is served.
        say: is told, line by line, what happens.
        home: Prefect's folder; default: `prefect` beside the ledger.
    """

    def tell(line: str) -> None:
        say(visible(line) + "\n")
        sys.stdout.flush()

    home, keeper = home or served_home(), Keeper(tell)
    with _told_to_stop():
        _until_told(what, home, keeper, tell)


def _until_told(what: Serving, home: Path, keeper: Keeper, tell: Say) -> None:
    up = False
    try:
        with serving(what, tell, home, keeper=keeper) as url:
            up = True
            for line in announcement(what, home):
                tell(line)
            with contextlib.suppress(KeyboardInterrupt):
                _look_after(keeper, url, home, tell)
            tell("stopping")
        tell("stopped")
    except KeyboardInterrupt:
        tell("stopped" if up else "stopped before it was up")


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Has Ctrl-C, SIGTERM and a terminal that closes end the block, each in the same way.

    A shell starts its background jobs with SIGINT ignored, and Python leaves that as it is: whoever sends it
    all the same means it. SIGHUP stays ignored where `nohup` wanted that. Once is enough: what is asked
    again changes nothing until the process has ended.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    numbers += [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else []

    def stop(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, _told_already)
        signal.default_int_handler(number, frame)

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)


def _told_already(number: int, frame: FrameType | None) -> None:
    """Whoever asks again waits no shorter: it is stopping, and would leave its children otherwise."""


def _look_after(keeper: Keeper, url: str, home: Path, tell: Say) -> None:
    """Until Ctrl-C: starts again what died, and says what does not do its work, when that changes."""
    said: set[str] = set()
    due = time.monotonic() + FIRST_LOOK_S
    while True:
        keeper.look()
        if time.monotonic() > due:
            due = time.monotonic() + LOOK_S
            found = {re.sub(r"\d+ min", "", line): line for line in _troubles(url, home)}
            for what in found.keys() - said:
                tell(f"WARNING: {found[what]}; see {home / 'server.log'} and {home / 'worker.log'}")
            if said and not found:
                tell("all is well again")
            said = set(found)
        time.sleep(1.0)


def _troubles(url: str, home: Path) -> list[str]:
    """A check that breaks must not end what it watches over."""
    found = []
    try:
        found += troubles(Api(url, credential(home)), POOL)
    except Exception as error:
        found.append(f"the server at {url} does not answer as it should ({error})")
    try:
        with open_records() as (ledger, _):
            found += [each.line for each in unattended(ledger, ledger.now_s())]
    except Exception as error:
        found.append(f"the ledger cannot be read ({error})")
    return found


@contextmanager
def serving(
    what: Serving, say: Say, home: Path | None = None, *, keeper: Keeper | None = None
) -> Iterator[str]:
    """Runs server and worker, everything deployed, for as long as the block lasts; yields the API's URL.

    With `practice`, a practice service beside them, which the worker's runs use in place of a real one.

    Raises:
        TierwiseError: when the home is served already, or something does not come up.
    """
    home, keeper, address = home or served_home(), keeper or Keeper(say), what.address
    close_to_others(settings().home)
    os.environ.update(past_proxies(os.environ, urlsplit(address.local).hostname))
    with private_files(), _alone(home):
        env = users_environment(home, address)
        beside: AbstractContextManager[dict[str, str]] = nullcontext({})
        if what.practice:
            beside = practising(home, say, keeper.child)
        stored = {VARIABLE: what.database} if what.database else {}
        with (
            running_server(
                home, address, scheduling=True, say=say, start=keeper.child, database=stored
            ) as url,
            _written_down(home, url),
            beside as account,
            keeper.child(pages_command(home), pages_environment(), home / "pages.log", STOP_S),
        ):
            say("deploying the flows")
            given = without_secrets(env) | {name: env[name] for name in env if name.startswith("PREFECT_")}
            _set_up(given, address)
            with _working(keeper, {**env, **account}, home, say) if what.worker else nullcontext():
                # Prefect copies its pages with the modes that they have in the package.
                close_folder(home)
                yield url


@contextmanager
def _working(keeper: Keeper, env: Mapping[str, str], home: Path, say: Say) -> Iterator[None]:
    say("starting a worker")
    # A person who pressed a button is waiting.
    env = {**env, "PREFECT_WORKER_QUERY_SECONDS": "2"}
    with keeper.child(worker_command(), env, home / "worker.log", STOP_S) as worker, runs_interrupted(worker):
        yield


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Holds the home; the system gives it free when this process dies, however that happens."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(file_lock(home / "serve.lock", wait=False))
        except BlockingIOError:
            raise BadInput(f"{home} is served already{_by_whom(home)}: stop that one, or use it") from None
        yield


def _by_whom(home: Path) -> str:
    try:
        served = json.loads((home / SERVER_FILE).read_text(encoding="utf-8"))
        return f" at {served['api_url']} by process {served['pid']}"
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def announcement(what: Serving, home: Path) -> list[str]:
    """What to know about a server that is up; the credential itself is never shown."""
    address, file, people = what.address, credential_file(home), Users(home).names()
    taken = f"; port {PREFECTS_OWN_PORT} is taken, so a free one is used" if what.elsewhere else ""
    url = f"{address.base}/api"
    lines = [
        f"runs, approvals  {address.base}  (Prefect{taken})",
        f"reports          {address.base}/reports/",
        f"MLflow           {address.base}/mlflow/",
        f"to sign in       {_who_signs_in(people, file)}",
        f"files for forms  {_where_files_may_be()}",
        f"logs             {home}/*.log",
        f"API              {url}",
        "to use it        `tierwise` finds it by itself; for other programs:",
        f"  export PREFECT_API_URL={url}",
        f'  export PREFECT_API_AUTH_STRING="$(cat {shlex.quote(str(file))})"',
    ]
    if what.database:
        lines.append(f"its database     {shown_address(what.database)}")
    if address.reached and not address.encrypted:
        lines.append(
            f"WARNING: {address.base} is not encrypted: who listens to the network can take the credential, "
            "and be you; put a reverse proxy with TLS before it, and name that with --url https://NAME"
        )
    return [*lines, f"Ctrl-C stops the server{' and the worker' if what.worker else ''}."]


def _where_files_may_be() -> str:
    """Pages take no file out of a browser: a form asks for its name."""
    hint = "" if settings().uploads else "; TIERWISE_UPLOADS=FOLDER names one for uploads"
    places = in_places(FILES).removesuffix(".")
    return f"{places[0].lower()}{places[1:]}{hint}"


def _who_signs_in(people: Sequence[str], file: Path) -> str:
    if people:
        return f"{', '.join(people[:5])}{' …' if len(people) > 5 else ''}, with their passwords"
    return f"with the line in {file}, which you alone can read; or first `tierwise users add NAME`"


def pages_command(home: Path) -> list[str]:
    """The command of the process that shows reports and MLflow."""
    return [sys.executable, "-m", "deployments.pages", str(home)]


def pages_environment() -> dict[str, str]:
    """It has the passwords of ledger, store and MLflow, which it reads; none of a service, or Prefect's."""
    of_backends = {name for name, _, field in variables() if is_secret(field)}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") and name not in of_backends
    }


def _set_up(env: dict[str, str], address: Address) -> None:
    """In a process of its own: this one may have imported Prefect with other settings."""
    done = subprocess.run(
        [sys.executable, "-m", "deployments.setup", address.base],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise TierwiseError(f"the flows could not be deployed: {said[-1] if said else 'no reason given'}")


@contextmanager
def _written_down(home: Path, url: str) -> Iterator[None]:
    """Leaves the URL where the command line finds it."""
    file = home / SERVER_FILE
    here = {"api_url": url, "pid": os.getpid(), "kernel": kernel()}
    file.write_text(json.dumps(here), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def users_environment(home: Path, address: Address) -> dict[str, str]:
    """What uses the server, and knows nothing of the database behind it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**others, **without_database(users_settings()), **client_environment(home, address)}
