"""The ladder as Prefect flow runs: on a server that answers, else on one of our own for as long as needed."""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from escalation.engine.ladder import Case
from escalation.engine.runtime import Listener
from escalation.model.case import Outcome
from escalation.model.errors import Faulted
from records.runtime import open_runtime


class PrefectEngine:
    """Solves cases as flow runs of this process."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        from flows.engine import use_server

        # The trace says it already; the server still gets every line.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "ERROR")
        url = use_server()
        if url is None:
            url = self._own_server()
        self._console.print(f"[dim]Prefect server: {url}[/]")
        self._runtime = self._stack.enter_context(open_runtime())
        return self

    def _own_server(self) -> str:
        from deployments.processes import client_environment, free_port, running_server
        from flows.engine import served_home

        home, port = served_home(), free_port()
        with self._console.status("starting a Prefect server") as status:
            url = self._stack.enter_context(running_server(home, port, say=status.update))
        os.environ.update(client_environment(home, port))
        return url

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __call__(self, case: Case, path: Path, listener: Listener) -> Outcome:
        from flows.driver import listening
        from flows.escalate import escalate

        policy, folder = str(Path(case.policy_path).resolve()), str(path.resolve().parent)
        try:
            with listening(listener, self._runtime):
                return escalate(case.problem, policy, case.case_id, folder)
        except Faulted:  # the flow run has crashed; how far the case came is in the ledger
            return Outcome.model_validate(self._runtime.ledger.case(case.case_id).outcome)
