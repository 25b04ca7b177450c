"""Tests that `make quick` leaves to `make test`, and why they cannot be quick."""

from functools import cache

SLOW = {
    "tests/deployments": "start Prefect's server, a worker and a browser, and wait for scheduled runs",
    "tests/flows": "run flows against a real Prefect server",
    "tests/cli": "run commands as processes of their own, each of which imports what a user's does",
    "tests/bench": "kill processes at named points in the middle of paid work",
    "tests/practice": "send IBM's own client to a service on loopback, and simulate what it sends",
    "tests/backends": "start and kill real processes, MPI ranks and simulators",
    "tests/records/ledger": "run everything on SQLite and on a real PostgreSQL, with processes that die",
    "tests/records/tracking": "open MLflow's database, whose own migration takes seconds",
    "tests/records/views/test_in_a_browser.py": "start a browser",
    "tests/records/export": "solve cases of every kind, and ask the validator of RO-Crates",
    "tests/records/audit": "keep whole cases and change them behind the records' back",
    "tests/escalation/engine": "run whole cases, some of whose processes are killed",
    "tests/escalation/submission": "die at every point of a paid job, under every fault",
    "tests/escalation/ports/test_entry_points.py": "run commands beside packages that are installed for them",
    "tests/docs/test_add_a_family.py": "follow a page in a copy of the checkout, and solve what it makes",
    "tests/docs/test_several_machines.py": "follow a page on two machines with a Prefect server and a worker",
    "tests/docs/test_notebooks.py": "start kernels and run notebooks",
    "tests/docs/test_operate.py": "put a back-up back, command by command",
    "tests/docs/test_snippets.py": "run the documentation from top to bottom",
    "tests/docs/test_tutorial.py": "walk the tutorial, command by command",
    "tests/docs/test_use_the_model.py": "solve a case and serve its model",
    "tests/problems/test_contract.py": "attempt every method of every family",
    "tests/problems/test_exports.py": "solve every family's sample",
    "tests/problems/prediction": "fit models, bootstrap error rates, simulate circuits",
    "tests/problems/optimisation/engines": "search, and prove what was found",
    "tests/problems/optimisation/portfolio": "run several MPI ranks",
    "tests/problems/optimisation/learning": "race engines against each other",
    "tests/problems/optimisation/tiers": "run whole tiers",
    "tests/problems/optimisation/quantum": "simulate circuits",
    "tests/problems/optimisation/verify": "prove bounds again",
    "tests/problems/optimisation/proofs": "prove bounds, and damage the proofs",
    "tests/problems/optimisation/test_defects.py": "seed every defect into every kind's proof",
    "tests/slurm": "start a cluster, and have it fail",
    "tests/test_command_line.py": "run every command as a process of its own",
    "tests/test_secrets.py": "run a whole case under debug logs and search everything it wrote",
    "tests/test_vendors.py": "load every module to see what it names",
}
"""Folders and files by path, with what they do that takes long."""


@cache
def why_slow(path: str) -> str:
    """Why the tests of a file, by its path in the checkout, are slow; empty where they are not."""
    return next((reason for place, reason in SLOW.items() if f"{path}/".startswith(f"{place}/")), "")
