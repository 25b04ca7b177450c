"""What a shell is offered to complete: ids of cases, families, policies, devices; never a complaint."""

import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path

MOST_OFFERED = 50
"""Cases that a shell is offered to complete an id."""


def _offered(find: Callable[[str], Iterable[str]]) -> Callable[[str], list[str]]:
    """Those that begin so; none where something is wrong: a shell that completes is no place to say so."""

    @wraps(find)
    def offer(incomplete: str) -> list[str]:
        try:
            return [name for name in find(incomplete) if name.startswith(incomplete)]
        except Exception:
            return []

    return offer


@_offered
def case_ids(incomplete: str) -> Iterable[str]:
    """Ids of cases, the newest first."""
    from records.runtime import open_records

    with open_records() as (ledger, _):
        return ledger.ids_from(incomplete, MOST_OFFERED)


@_offered
def family_names(incomplete: str) -> Iterable[str]:
    """Names of the families."""
    from escalation.ports.registry import families

    return sorted(families())


@_offered
def policies(incomplete: str) -> Iterable[str]:
    """Names of the policies that ship, and the YAML files and folders that begin so."""
    from escalation.policy.extending import shipped_policies

    return [*shipped_policies(), *_yaml_files(incomplete)]


@_offered
def mpi_machines(incomplete: str) -> Iterable[str]:
    """Machines that run MPI programs."""
    from escalation.model.kinds.mpi_program import MpiProgram
    from escalation.ports.registry import backends

    return sorted(name for name, found in backends().items() if MpiProgram.kind in found.accepts)


@_offered
def device_names(incomplete: str) -> Iterable[str]:
    """Devices as policies name them."""
    from cli.devices import device_specs

    return device_specs()


def _yaml_files(incomplete: str) -> Iterable[str]:
    folder, _, _ = incomplete.rpartition("/")
    for path in sorted(Path(folder or ("/" if incomplete.startswith("/") else ".")).iterdir()):
        name = os.path.join(folder, path.name) if "/" in incomplete else path.name
        if path.is_dir():
            yield f"{name}/"
        elif path.suffix in (".yaml", ".yml"):
            yield name
