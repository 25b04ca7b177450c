"""Facts of the prediction family that policies may name; nothing heavy is imported to know them.

The kernel facts are those of the very kernel that the method would use: same rows, encoding and bandwidth.
They rest on simulation, so beyond 12 qubits they are unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from escalation.model.facts import COUNT, SHARE, SIZE, CostClass, FactSpec, FactType, Range
from escalation.ports.fact_providers import FactContext, FactProvider
from problems.prediction.tables.table import TableView

if TYPE_CHECKING:
    from problems.prediction.kernels.geometric import Geometry


def rows(context: FactContext) -> float:
    """Labelled rows a solver may learn from."""
    return float(_view(context).n_open)


def features(context: FactContext) -> float:
    """Columns."""
    return float(len(_view(context).columns))


def minority_rows(context: FactContext) -> float:
    """Open rows of the rarest kind."""
    return float(_view(context).n_rarest)


def missing_fraction(context: FactContext) -> float:
    """Share of the open rows' cells that are empty."""
    from problems.prediction.tables.encoding import read_frame

    view = _view(context)
    frame = read_frame(view.open_rows.data)[[column.name for column in view.columns]]
    return float(frame.isna().to_numpy().mean()) if frame.size else 0.0


def answers(context: FactContext) -> bool:
    """Whether the quantum method can say what is asked; one that names no tasks answers all of them."""
    tasks = getattr(context.method, "tasks", None)
    return tasks is None or _view(context).asked.task in tasks


def geometric_difference(context: FactContext) -> float | None:
    """See `problems.prediction.kernels.geometric`."""
    found = _geometry(context)
    return found.difference if found else None


def geometric_difference_error(context: FactContext) -> float | None:
    """Root mean square change of the geometric difference under the method's shot noise."""
    found = _geometry(context)
    return found.error if found else None


def complexity_ratio(context: FactContext) -> float | None:
    """See `problems.prediction.kernels.geometric.model_complexity`."""
    found = _kernel_of(context)
    return found.complexity_ratio if found else None


def concentration(context: FactContext) -> float | None:
    """Variance of the projected kernel's off-diagonal entries."""
    found = _geometry(context)
    return found.concentration if found else None


def certifiable_at_best(context: FactContext) -> float | None:
    """See `problems.prediction.verify.judging.at_best`."""
    return context.at_best.value if context.at_best else None


def target_certifiable(context: FactContext) -> bool | None:
    """Whether that reaches the target."""
    return context.at_best.reaches if context.at_best else None


def sealed_sites(context: FactContext) -> float | None:
    """Sites whose rows are all sealed; unknown where rows are judged, not sites."""
    return float(_view(context).sealed_sites) or None


def _view(context: FactContext) -> TableView:
    view = context.view
    if not isinstance(view, TableView):
        raise TypeError(f"expected a table, got {type(view).__name__}")
    return view


class _ByDigest:
    """A view and a seed as a cache key: equal digests are equal views."""

    def __init__(self, view: TableView, seed: int) -> None:
        self.view, self.seed, self.digest = view, seed, view.digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and (self.digest, self.seed) == (other.digest, other.seed)

    def __hash__(self) -> int:
        return hash((self.digest, self.seed))


@dataclass(frozen=True)
class _Kernel:
    """What is known of the kernel that the method would use."""

    geometry: "Geometry"
    complexity_ratio: float


def _geometry(context: FactContext) -> "Geometry | None":
    found = _kernel_of(context)
    return found.geometry if found else None


def _kernel_of(context: FactContext) -> _Kernel | None:
    return _compute(_ByDigest(_view(context), context.seed)) if answers(context) else None


@lru_cache(maxsize=8)
def _compute(key: _ByDigest) -> _Kernel | None:
    from escalation.model.identity import derive_seed
    from problems.prediction.kernels.geometric import geometry, model_complexity
    from problems.prediction.kernels.quantum_features import scale
    from problems.prediction.kernels.statevector import MAX_QUBITS
    from problems.prediction.quantum import method as quantum
    from problems.prediction.quantum import projected
    from problems.prediction.tables.encoding import read_frame

    params = quantum.choose_params(key.view, key.seed)
    if params["qubits"] > MAX_QUBITS:
        return None
    _, training, encoding = projected.prepare(params, read_frame(key.view.open_rows.data))
    choice = projected.select(training, encoding, params["metric"])
    scaled = scale(training.frame, choice.encoding)
    found = geometry(scaled, choice.projected, quantum.SHOTS, derive_seed(key.seed, "shots"))
    own = model_complexity(scaled, choice.projected, training.targets)
    return _Kernel(found, own["ratio"])


def _spec(
    name: str, doc: str, within: Range = COUNT, unit: str = "", cost: CostClass = CostClass.FREE
) -> FactSpec:
    return FactSpec(name=name, type=FactType.NUMBER, unit=unit, cost=cost, within=within, doc=doc)


def _kernel(name: str, doc: str) -> FactSpec:
    said = f"{doc} On at most 200 open rows; unknown beyond 12 qubits."
    return _spec(f"kernel.{name}", said, SIZE, cost=CostClass.LOCAL)


def providers() -> Sequence[FactProvider]:
    """Returns all of them, cheapest first."""
    return (
        FactProvider(_spec("data.rows", "Labelled rows that a solver may learn from.", unit="rows"), rows),
        FactProvider(_spec("data.features", "Feature columns.", unit="columns"), features),
        FactProvider(
            _spec("data.minority_rows", "Open rows of the rarer class.", unit="rows"), minority_rows
        ),
        FactProvider(
            _spec("data.missing_fraction", "Share of the open rows' cells that are empty.", SHARE),
            missing_fraction,
        ),
        FactProvider(
            _spec(
                "data.certifiable_at_best",
                "Best value of the target's metric that a certificate could show on rows kept aside, had "
                "the predictions no error: from counts and the very bound; unknown where there is none.",
                SHARE,
            ),
            certifiable_at_best,
        ),
        FactProvider(
            FactSpec(
                name="data.target_certifiable",
                type=FactType.FLAG,
                doc="That value reaches the target: on the rows kept aside some answer could be certified.",
            ),
            target_certifiable,
        ),
        FactProvider(
            _spec(
                "data.sealed_sites",
                "Sites kept aside whole, where groups are few and large; unknown where they are not.",
                unit="sites",
            ),
            sealed_sites,
        ),
        FactProvider(
            FactSpec(
                name="data.circuits_answer",
                type=FactType.FLAG,
                doc="The method that circuits run for can say what is asked; a projected kernel always can.",
            ),
            answers,
        ),
        FactProvider(
            _kernel(
                "geometric_difference",
                "Geometric difference of the projected quantum kernel to the closest classical one "
                "(Huang et al. 2021): near 1, classical kernels learn as well; of the order of √rows, "
                "an advantage is possible, not promised.",
            ),
            geometric_difference,
        ),
        FactProvider(
            _kernel("geometric_difference_error", "Its error from the shots that the method takes."),
            geometric_difference_error,
        ),
        FactProvider(
            _kernel(
                "complexity_ratio",
                "What these outcomes make of the geometric difference: the norm that explains nine tenths of "
                "their variance in the simplest classical kernel, over that in the quantum one (Huang et al. "
                "2021); of classes the largest of one against the rest, of times of martingale residuals. At "
                "1 or below a classical kernel explains them as simply.",
            ),
            complexity_ratio,
        ),
        FactProvider(
            _kernel(
                "concentration",
                "Variance of the projected kernel's off-diagonal entries (Thanasilp et al. 2024): near 0 the "
                "kernel has concentrated and tells rows apart no more.",
            ),
            concentration,
        ),
    )
