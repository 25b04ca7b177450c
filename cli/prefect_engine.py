"""The ladder as Prefect flow runs: on a server that answers, else on one of our own for as long as needed."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from escalation.engine.batch import Told
from escalation.engine.batch_plan import BatchPlan
from escalation.engine.case import Case
from escalation.engine.listening import Listener
from escalation.engine.reporting import with_report
from escalation.engine.runtime import Runtime
from escalation.model.batch import BatchReport
from escalation.model.case import Outcome
from escalation.model.errors import Faulted
from records.runtime import open_runtime


@contextmanager
def prefect_engine(console: Console) -> Iterator[Callable[[Case, Listener], Outcome]]:
    """Solves cases as flow runs of this process, with one runtime for all of them."""
    with _on_server(console) as runtime:

        def solve(case: Case, listener: Listener) -> Outcome:
            from flows.escalate import escalate
            from flows.lending import lending

            file, folder = Path(case.policy_path), str(case.info.environment["folder"])
            policy = str(file.resolve()) if file.exists() else case.info.policy_name
            try:
                with lending(runtime, listener, case):
                    return escalate(case.problem, policy, case.case_id, folder)
            except Faulted:  # the flow run has crashed; how far the case came is in the ledger
                reached = Outcome.model_validate(runtime.ledger.case(case.case_id).outcome)
                return with_report(reached, runtime.store, runtime.settings.home)

        yield solve


@contextmanager
def prefect_batch(
    console: Console, given: Sequence[str], plan: BatchPlan
) -> Iterator[Callable[[Told], BatchReport]]:
    """Runs a batch as one flow run of this process."""
    with _on_server(console) as runtime:

        def run(told: Told) -> BatchReport:
            from flows.batch import batch
            from flows.lending import lending

            with lending(runtime, told=told):
                return batch(
                    list(given),
                    plan.policy,
                    name=plan.name,
                    workers=plan.workers,
                    budget=plan.budget,
                    processes=plan.processes,
                )

        yield run


@contextmanager
def _on_server(console: Console) -> Iterator[Runtime]:
    """A runtime, and a Prefect server that the flows of this process use."""
    from flows.engine import use_server

    # The trace says it already; the server still gets every line.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "ERROR")
    with ExitStack() as stack:
        url = use_server() or _own_server(stack, console)
        console.print(f"[dim]Prefect server: {url}[/]")
        yield stack.enter_context(open_runtime())


def _own_server(stack: ExitStack, console: Console) -> str:
    from deployments.address import Address, free_port
    from deployments.processes import client_environment, running_server
    from flows.engine import served_home

    home, address = served_home(), Address(free_port())
    with console.status("starting a Prefect server") as status:
        url = stack.enter_context(running_server(home, address, say=status.update))
    os.environ.update(client_environment(home, address))
    return url
