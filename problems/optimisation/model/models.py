"""The five kinds of instance as typed data: what a solver is given, and what the verifier judges by.

All objectives are integers in units of `1 / scale`; so are costs and bounds everywhere in this family.
Solvers minimise `cost`, which is the objective, or its negative where the kind is maximised (`sign`).
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter

from escalation.model.frozen import Frozen

Names = tuple[str, ...]
Span = tuple[int, int]
"""First slot, and the slot after the last."""


class Sense(StrEnum):
    """Which way an objective is better."""

    MAXIMISE = "maximise"
    MINIMISE = "minimise"


class Qubo(Frozen):
    """Quadratic unconstrained binary optimisation: Σ linear_i x_i + Σ q_ij x_i x_j + offset, x binary."""

    kind: Literal["qubo"] = "qubo"
    sense: Sense = Sense.MAXIMISE
    linear: tuple[int, ...] = Field(description="One coefficient a variable, shape (n,).")
    quadratic: tuple[tuple[int, int, int], ...] = Field(
        description="(i, j, q) with i < j, each pair once, q not 0, in order; variables count from 0."
    )
    offset: int = 0
    scale: int = Field(1, ge=1, description="The stated objective is the integer one divided by this.")
    labels: Names = Field((), description="Names of the variables; empty: 1, 2, ….")

    @property
    def size(self) -> int:
        """Number of binary variables."""
        return len(self.linear)


class MaxCut(Frozen):
    """Two sides for the vertices, so that the edges between them weigh most."""

    kind: Literal["max_cut"] = "max_cut"
    sense: ClassVar[Sense] = Sense.MAXIMISE
    vertices: int = Field(ge=1)
    edges: tuple[tuple[int, int, int], ...] = Field(
        description="(u, v, weight) with u < v, each pair once, weight not 0, in order; counting from 0."
    )
    scale: int = Field(1, ge=1)
    labels: Names = ()

    @property
    def size(self) -> int:
        """Number of vertices."""
        return self.vertices


class IndependentSet(Frozen):
    """As many vertices as can be, no two of them joined by an edge."""

    kind: Literal["independent_set"] = "independent_set"
    sense: ClassVar[Sense] = Sense.MAXIMISE
    scale: ClassVar[int] = 1
    vertices: int = Field(ge=1)
    edges: tuple[tuple[int, int], ...] = Field(description="(u, v) with u < v, each once, in order, from 0.")
    labels: Names = ()

    @property
    def size(self) -> int:
        """Number of vertices."""
        return self.vertices


URGENCY_WEIGHT: tuple[int, ...] = (1, 2, 4, 8, 16)
"""What a slot of waiting weighs, for urgency 1 (routine) to 5 (most urgent): a step up counts twice."""


class Patient(Frozen):
    """Somebody who needs an appointment."""

    id: str
    urgency: int = Field(ge=1, le=5)
    duration: int = Field(ge=1, description="Slots.")
    skills: Names = Field((), description="What the clinician must be able to do, sorted.")
    equipment: Names = Field((), description="What the room must have, sorted.")
    earliest: int = Field(0, ge=0, description="First slot in which the appointment may start.")
    latest: int = Field(description="Slot at whose start it must have ended.")
    required: bool = Field(False, description="Must be seen, however late.")

    @property
    def weight(self) -> int:
        """What a slot of waiting costs."""
        return URGENCY_WEIGHT[self.urgency - 1]


class Clinician(Frozen):
    """Somebody who sees one patient at a time."""

    id: str
    skills: Names = ()
    shifts: tuple[Span, ...] = Field(description="When at work, in order, apart; no appointment spans two.")


class Room(Frozen):
    """A place where one patient is seen at a time."""

    id: str
    equipment: Names = ()
    shifts: tuple[Span, ...] = Field(description="When open, as for clinicians.")


class Appointments(Frozen):
    """Patients to clinicians, rooms and slots; the cost is weighted waiting.

    A treated patient costs `weight * (start - earliest)`, one who is not treated `weight * refusal`. An
    appointment takes one clinician with all of the skills and one room with all of the equipment for its
    whole duration, within a shift of each and within the patient's own times. `scale` turns slots into
    hours: the stated objective is in weighted hours.
    """

    kind: Literal["appointments"] = "appointments"
    sense: ClassVar[Sense] = Sense.MINIMISE
    opens: str = Field(description="Local date and time of slot 0, ISO 8601, to the minute.")
    slot_min: int = Field(ge=1, le=240, description="Minutes of a slot.")
    slots: int = Field(ge=1, description="Number of slots, closed hours included.")
    refusal: int = Field(
        ge=1, description="Slots of waiting that not being treated counts as; at least `slots`."
    )
    scale: int = Field(ge=1, description="Cost units of one weighted hour.")
    patients: tuple[Patient, ...] = Field(min_length=1)
    clinicians: tuple[Clinician, ...] = Field(min_length=1)
    rooms: tuple[Room, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.patients)


class Claimant(Frozen):
    """Somebody who needs a scarce resource."""

    id: str
    benefit: int = Field(ge=1, description="What being placed is worth.")
    needs: Names = Field((), description="What the place must offer, sorted.")
    uses: tuple[int, ...] = Field(description="How much of each capacity, in the order of `capacities`.")
    cohort: str = Field("", description="Patients of different cohorts never share a place; empty: any.")
    required: bool = Field(False, description="Must be placed.")


class Place(Frozen):
    """A ward, a bay, a team: what patients are placed in."""

    id: str
    offers: Names = ()
    capacity: tuple[int, ...] = Field(description="Of each capacity, in the order of `capacities`.")
    quality: int = Field(100, ge=1, le=100, description="Per cent of its benefit that a patient has here.")


class Triage(Frozen):
    """Patients to scarce places; the objective is the benefit, `Σ benefit * quality`, scale 100."""

    kind: Literal["triage"] = "triage"
    sense: ClassVar[Sense] = Sense.MAXIMISE
    scale: ClassVar[int] = 100
    capacities: Names = Field(min_length=1, description="What is scarce, for instance beds, nurse_hours.")
    patients: tuple[Claimant, ...] = Field(min_length=1)
    places: tuple[Place, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.patients)


Model = Qubo | MaxCut | IndependentSet | Appointments | Triage
SpinModel = Qubo | MaxCut | IndependentSet
"""The kinds whose answer is one bit a variable."""

KINDS: tuple[str, ...] = ("qubo", "max_cut", "independent_set", "appointments", "triage")

_ANY: TypeAdapter[Model] = TypeAdapter(Annotated[Model, Field(discriminator="kind")])


def sign(model: Model) -> int:
    """1 where the objective is minimised, -1 where it is maximised: cost = sign * objective."""
    return 1 if model.sense is Sense.MINIMISE else -1


def dump(model: Model) -> bytes:
    """Returns the model as JSON bytes, for the inputs of work."""
    return model.model_dump_json().encode()


def parse_model(data: bytes) -> Model:
    """Reads what `dump` wrote.

    Raises:
        pydantic.ValidationError: on anything else.
    """
    return _ANY.validate_json(data)
