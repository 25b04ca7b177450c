"""A process that solves problems of a batch: `python -m records.batches.worker CONTROL CASE…`.

It is given file descriptors: one on which it is told what to open and when to stop or end, and one for each
case that it runs at once. Where the batch's process dies, it stops what runs and ends by itself.
"""

import os
import sys
from multiprocessing.connection import Connection
from threading import Thread, local

from pydantic import SecretStr

from escalation.engine.batch_plan import BatchPlan
from escalation.engine.batch_problem import ProblemSolver
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.inputs.surroundings import collect_seldom
from escalation.model.errors import TierwiseError, one_line
from escalation.ports.configuration import SECRET_STORES
from records.batches.wire import CommonFromAfar, plan_of, receive, send, source_of
from records.runtime import open_runtime

ORPHAN_S = 10.0
"""Seconds in which what runs can stop, once the batch's process is gone."""
_asked = local()


def main(descriptors: list[str]) -> None:
    """Opens what it is told to, and solves what it is given until it is told to end."""
    collect_seldom()
    control, *cases = (_connection(int(each)) for each in descriptors)
    try:
        said = receive(control)
    except (EOFError, OSError):  # the batch was gone before this began
        return
    SECRET_STORES.append(_secret)
    try:
        with open_runtime(Settings(**said["settings"])) as runtime:
            plan = plan_of(said["plan"])
            threads = [
                Thread(target=_serve, args=(each, runtime, plan), name=f"batch-{place}", daemon=True)
                for place, each in enumerate(cases)
            ]
            for thread in threads:
                thread.start()
            _obey(control, runtime, threads)
    except TierwiseError as error:
        send(control, {"ended": one_line(error)})
        raise SystemExit(1) from None


def _connection(descriptor: int) -> Connection:
    os.set_inheritable(descriptor, False)
    return Connection(descriptor)


def _serve(connection: Connection, runtime: Runtime, plan: BatchPlan) -> None:
    """Solves one problem after the other, until nobody is there any more to give any."""
    _asked.secret = CommonFromAfar(connection).secret
    solver = ProblemSolver(runtime, plan, CommonFromAfar(connection))
    while True:
        try:
            row = solver.row(*source_of(receive(connection)))
            send(connection, {"row": row})
        except (EOFError, OSError):
            return


def _secret(block: str) -> SecretStr | None:
    ask = getattr(_asked, "secret", None)  # of the thread of a case
    return None if ask is None else ask(block)


def _obey(control: Connection, runtime: Runtime, threads: list[Thread]) -> None:
    """Waits until the batch has ended, and stops what runs where it is told to, or is left alone."""
    while True:
        try:
            said = receive(control)
        except (EOFError, OSError):
            runtime.stop.set()
            for thread in threads:
                thread.join(ORPHAN_S)
            if any(thread.is_alive() for thread in threads):
                os._exit(1)  # it reads as interrupted then, and its work ends with it
            return
        if said["do"] == "end":
            return
        runtime.stop.set()


if __name__ == "__main__":
    main(sys.argv[1:])
