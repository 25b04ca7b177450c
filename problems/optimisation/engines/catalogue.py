"""The engines by name, each as `module:Class`, so that one which cannot be imported breaks no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from problems.optimisation.engines.base import Engine

HERE = "problems.optimisation.engines"


@dataclass(frozen=True)
class EngineEntry:
    """An engine, and how a portfolio may use it.

    Attributes:
        engine: `module:Class`.
        many: whether several ranks gain by running it with different seeds.
        resumes: whether a slice goes on where the last one ended; otherwise slices grow fast.
    """

    engine: str
    many: bool = False
    resumes: bool = True


ENGINES: Mapping[str, EngineEntry] = {
    "highs": EngineEntry(f"{HERE}.highs:Highs", resumes=False),
    "cp_sat": EngineEntry(f"{HERE}.cp_sat:CpSat", resumes=False),
    "annealing": EngineEntry(f"{HERE}.samplers:Annealing", many=True),
    "tabu": EngineEntry(f"{HERE}.samplers:Tabu", many=True),
    "tempering": EngineEntry(f"{HERE}.tempering:Tempering", many=True),
    "schedule_search": EngineEntry(f"{HERE}.schedule_search:ScheduleSearch", many=True),
    "placement_search": EngineEntry(f"{HERE}.placement_search:PlacementSearch", many=True),
    "relaxation": EngineEntry(f"{HERE}.relaxation:Relaxation"),
    "cutting_planes": EngineEntry(f"{HERE}.cutting_planes:CuttingPlanes"),
    "semidefinite": EngineEntry(f"{HERE}.semidefinite:Semidefinite"),
    "spin_tree": EngineEntry(f"{HERE}.spin_tree:SpinTree"),
    "mip_tree": EngineEntry(f"{HERE}.mip_tree:MipTree"),
}


def engine_class(name: str) -> Any:
    """Returns an engine's class.

    Raises:
        KeyError: for an unknown name.
        ImportError: where its module or a package that it needs is missing.
    """
    module, _, attribute = ENGINES[name].engine.partition(":")
    return getattr(import_module(module), attribute)


def deterministic(names: list[str]) -> list[str]:
    """Returns the ones among the engines that say they do the same on any machine."""

    def says_so(name: str) -> bool:
        try:
            found: type[Engine] = engine_class(name)
        except ImportError:
            return False
        return found.deterministic

    return [name for name in names if says_so(name)]
