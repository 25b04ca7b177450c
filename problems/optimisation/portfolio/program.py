"""The MPI program of the HPC tier: engines side by side on every rank, sharing points and bounds."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from escalation.model.output import Output
from escalation.model.report import Report
from escalation.text.rounding import rounded
from problems.optimisation.engines.base import Engine
from problems.optimisation.engines.catalogue import engine_class
from problems.optimisation.model import metrics
from problems.optimisation.model.models import Model, parse_model, sign
from problems.optimisation.portfolio.exchange import SharedIncumbent
from problems.optimisation.portfolio.messenger import Messenger
from problems.optimisation.portfolio.plan import Plan, plan
from problems.optimisation.portfolio.record import output
from problems.optimisation.portfolio.scheduler import EngineScheduler, Make, slots_of

TEMPERING = "tempering"
"""The one engine whose ranks talk to each other."""


def run(comm: Any, params: dict[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    """Runs on every rank; rank 0 returns the best answer, its proofs, and what happened.

    Args:
        comm: an `mpi4py.MPI.Comm`.
        params: `aim` (metric, limit), `search_s`, `seed`; `engines` (names, null for all that suit),
            `weights` (shares by name, null for the usual ones); `rounds` (null to exchange while running
            until the time is up, or {"count", "effort_s"} to exchange between that many slices alone).
        inputs: `model`, as `models.dump` writes it.
        report: told the part of the time that is gone, with the best objective and bound.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _run(comm, params, inputs, report)


def _run(comm: Any, params: dict[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    model, rounds = parse_model(inputs["model"]), params["rounds"]
    rank, ranks = comm.Get_rank(), comm.Get_size()
    chosen = plan(model, ranks, params["weights"], params["engines"])
    team = _team(comm, chosen, live=rounds is None)
    first_s = rounds["effort_s"] if rounds else min(0.1, params["search_s"] / 100)
    slots = slots_of(chosen.ranks[rank], params["seed"], rank, first_s)
    scheduler = EngineScheduler(slots, _maker(model, team), clock=rounds is None)
    _import(chosen)
    comm.Barrier()
    incumbent = SharedIncumbent(comm, model, params["aim"], params["search_s"], live=rounds is None)
    if rank == 0:
        incumbent.tell = lambda part: report(part, status(incumbent))
    if rounds:
        _rounds(comm, incumbent, scheduler, int(rounds["count"]))
    else:
        _live(incumbent, scheduler)
    if team is not None:
        team.close(lambda may_send: team.receive() is not None)
    return output(comm, incumbent, scheduler, chosen, params)


def _import(chosen: Plan) -> None:
    """Imports engines before the time begins; one that is missing is told of when it is its turn."""
    for name in chosen.engines:
        with suppress(ImportError):
            engine_class(name)


def _live(incumbent: SharedIncumbent, scheduler: EngineScheduler) -> None:
    while scheduler.alive and not incumbent.stop():
        scheduler.run_next(incumbent)
    incumbent.close()


def _rounds(comm: Any, incumbent: SharedIncumbent, scheduler: EngineScheduler, count: int) -> None:
    """Exchanges after each slice, collectively: every rank knows the same, and ends in the same round."""
    for _ in range(count):
        if scheduler.alive and not incumbent.stop():
            scheduler.run_next(incumbent)
        incumbent.meet()
        states = comm.allgather((incumbent.stopped, scheduler.alive))
        incumbent.stopped = min((stopped for stopped, _ in states if stopped), default="")
        if incumbent.stopped or not any(alive for _, alive in states):
            break


def _team(comm: Any, chosen: Plan, live: bool) -> Messenger | None:
    """The ranks whose tempering replicas change places; None where there is but one, and in rounds."""
    ranks = chosen.team(TEMPERING)
    if not live or len(ranks) < 2:
        return None
    member = comm.Get_rank() in ranks
    part = comm.Split(0 if member else 1, comm.Get_rank())
    return Messenger(part) if member else None


def _maker(model: Model, team: Messenger | None) -> Make:
    def make(name: str, seed: int) -> Engine:
        found = engine_class(name)
        engine: Engine = found(model, seed, team) if name == TEMPERING else found(model, seed)
        return engine

    return make


def status(incumbent: SharedIncumbent) -> str:
    """The best objective, bound and gap, as one line."""
    model, cost, bound = incumbent.model, incumbent.cost, incumbent.bound
    best = "none yet" if cost is None else rounded(metrics.objective(model, cost))
    limit = "none yet" if bound is None else rounded(sign(model) * bound / model.scale)
    gap = ""
    if cost is not None and bound is not None:
        gap = f", gap {100 * metrics.relative_gap(cost, bound):.2f} %"
    return f"objective {best}, bound {limit}{gap}"
