"""The records of a submission: what is sent, what it costs, where it stands, who approved it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import AliasChoices, Field, JsonValue

from escalation.model.amounts import Amounts, Caps
from escalation.model.blob import Blob
from escalation.model.case import WorkKey
from escalation.model.clock import Instant
from escalation.model.flat import Flat, Spread
from escalation.model.frozen import Frozen, Moment
from escalation.model.job_state import JobState
from escalation.model.metered import CHARGED
from escalation.model.submission_states import SubmissionState


class Price(Flat):
    """What a job is expected to cost, and what it can cost at most."""

    SPREAD: ClassVar = {"expected": Spread(CHARGED), "cap": Spread(CHARGED, "cap_")}

    expected: Amounts = Field(description="Estimated; a lower bound.")
    cap: Amounts = Field(
        description="At which the service stops the job, and what that costs: what is reserved."
    )
    queue_s: float | None = Field(None, description="Seconds a job would wait now; None is unknown.")

    def at(self, usd_per_qpu_s: float) -> "Price":
        """The same seconds at this price for one."""
        expected, cap = (each.but(usd=each.qpu_s * usd_per_qpu_s) for each in (self.expected, self.cap))
        return self.model_copy(update={"expected": expected, "cap": cap})

    def usd_for(self, qpu_s: float) -> float:
        """What so many seconds cost at this price, whatever a second costs by now."""
        return qpu_s * self.cap.usd / self.cap.qpu_s if self.cap.qpu_s else 0.0


@dataclass(frozen=True)
class Payload:
    """What is sent, frozen: the request's exact bytes but for batch or key, which are set when it is sent.

    Attributes:
        body: canonical JSON of the request without its `session_id`; an approval binds to its digest.
        device: where it goes.
        circuits: parameter sets, summed over pubs.
        shots: in total.
        isa: per pub, the SHA-256 of its circuit's OpenQASM 3 text.
        calibration: digest of the calibration that it was transpiled under.
        account: what names the account that pays, without a secret; what follows the job goes by it.
    """

    body: Blob
    device: str
    circuits: int
    shots: int
    isa: tuple[str, ...] = ()
    calibration: str | None = None
    account: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return self.body.digest

    def describe(self) -> dict[str, Any]:
        """Returns everything but the bytes, as JSON data from which `from_frozen` makes it again."""
        return {
            "device": self.device,
            "circuits": self.circuits,
            "shots": self.shots,
            "isa": list(self.isa),
            "calibration": self.calibration,
            "account": dict(self.account),
        }

    @classmethod
    def from_frozen(cls, body: Blob, description: Mapping[str, Any]) -> "Payload":
        """Makes the payload again from its bytes and its description."""
        return cls(body, **{**description, "isa": tuple(description["isa"])})


def _stored(name: str, before: str) -> dict[str, Any]:
    """A field that ledgers keep under the name it had, so that one that was written before stays as it is."""
    return {"validation_alias": AliasChoices(name, before), "serialization_alias": before}


class RemoteJob(Frozen):
    """A job as the service tells of it."""

    job_id: str
    state: JobState
    created_at: Moment | None = None
    batch: str | None = Field(None, **_stored("batch", "fence"), description="The batch it belongs to.")
    tags: tuple[str, ...] = ()
    reason: str = Field("", description="Why it failed or was cancelled, in the service's words.")
    started_at: Moment | None = Field(None, description="When it began to run, where known.")


Marks = tuple[Instant, ...]
"""One moment, as each boot saw it first: no setting of a clock moves it, and it means nothing elsewhere."""


class TagSearch(Frozen):
    """The search for work that may have been sent by records which a back-up did not have any more."""

    after: float = Field(description="When the ledger was put back; seconds since the epoch.")
    since: Marks = Field((), description="When the search began.")
    over: bool = Field(False, description="Whether nothing was there, and nothing can come any more.")


class Submission(Frozen):
    """Where one piece of paid work stands: a row of the ledger."""

    case_id: str
    attempt: int
    ordinal: int
    state: SubmissionState
    backend: str
    work: str = Field(description="Digest of the work.")
    tag: str = Field(description="Names the intent at the service; the same in every round.")
    round: int = Field(0, ge=0, description="How many POSTs were given up and followed by another.")
    payload: str | None = Field(None, description="Digest of the frozen payload, in the store.")
    frozen: dict[str, JsonValue] = Field(
        default_factory=dict, description="What the payload says of itself, see `Payload.describe`."
    )
    price: Price | None = None
    batches: tuple[str, ...] = Field(
        (), **_stored("batches", "fences"), description="Every batch opened for it; the last is in force."
    )
    batch_closed_at: float | None = Field(
        None,
        **_stored("batch_closed_at", "fence_closed_at"),
        description="When the service confirmed that the last batch is closed; seconds since the epoch.",
    )
    settling: Marks = Field(
        (),
        **_stored("settling", "closed"),
        description="From when the settling time is counted: that closing; without a batch, the last POST.",
    )
    exactly_once: str = Field("fence", description="How the service was to take it once, at the last POST.")
    first_post: Marks = Field((), description="When the first POST under its key was begun.")
    entered: Marks = Field((), description="When it came into its state.")
    astray: Marks = Field((), description="Since when the service answers with nothing that can be used.")
    held: Marks = Field((), description="When the service said to come back later, see `held_s`.")
    held_s: float = Field(0.0, description="Seconds from then before the next POST.")
    declined: bool = Field(False, description="Whether the last POST was answered with a no for good.")
    sent_at: float | None = Field(None, description="When the first POST was begun; seconds since the epoch.")
    sends: int = Field(0, description="POSTs begun, over all rounds.")
    job_id: str | None = None
    job: RemoteJob | None = Field(None, description="The job as it ended.")
    raw: str | None = Field(None, description="Digest of the raw result text, in the store.")
    calibrations: dict[str, str] = Field(
        default_factory=dict, description="Digests by moment: decision, submission, run."
    )
    usage_qpu_s: float | None = Field(None, description="Seconds charged; None until final.")
    cancel_wanted: bool = False
    reason: str = Field("", description="Why it was refused, parked, cancelled.")
    incidents: tuple[str, ...] = Field((), description="What went wrong at the service; one line each.")
    search: TagSearch | None = Field(None, description="The last search after the ledger was put back.")
    since: float = Field(0.0, description="When it came into its state; seconds since the epoch.")
    opened: float = Field(0.0, description="When it was wanted; seconds since the epoch.")

    @property
    def key(self) -> WorkKey:
        return WorkKey(self.case_id, self.attempt, self.ordinal)

    @property
    def batch(self) -> str | None:
        """The batch in force."""
        return self.batches[-1] if self.batches else None


class ApprovalState(StrEnum):
    """State of a question to a person; all but the first are final."""

    ASKED = "asked"
    GRANTED = "granted"
    DENIED = "denied"
    USED = "used"


class Approval(Frozen):
    """A question to a person, and the answer. It binds to one payload, price, policy and time."""

    approval_id: str
    case_id: str
    attempt: int
    ordinal: int
    subject: str = Field(description="Digest of the payload, or of the work where nothing is sent away.")
    policy: str = Field(description="Digest of the policy.")
    cap: Amounts = Field(description="What may be spent at most.")
    shown: dict[str, JsonValue] = Field(
        description="What the person sees: device, circuits, shots, seconds, USD, data class, why."
    )
    asked_at: float
    expires_at: float
    state: ApprovalState = ApprovalState.ASKED
    by: str = Field("", description="Who answered, as they said.")
    known_as: str = Field("", description="Who answered, as the system knows it.")
    reason: str = ""
    answered_at: float | None = None

    @property
    def estimate(self) -> Amounts | None:
        """The price that the person sees; None for work that nobody charges for."""
        found = Spread(CHARGED).gather(dict(self.shown))
        return Amounts.of(found) if found else None

    @property
    def key(self) -> WorkKey:
        return WorkKey(self.case_id, self.attempt, self.ordinal)


class Verdict(StrEnum):
    """What the ledger says to a request to spend."""

    GRANTED = "granted"
    ASK = "ask"
    REFUSED = "refused"


class Authorisation(Frozen):
    """The ledger's verdict on spending, with the reason where it is no."""

    verdict: Verdict
    reason: str = ""


class Period(StrEnum):
    """Over what a limit counts."""

    TOTAL = "total"
    DAY = "day"
    MONTH = "month"


class Limit(Flat):
    """What a project may spend in a period (UTC days and months), of what is charged for."""

    SPREAD: ClassVar = {"caps": Spread(CHARGED)}

    project: str = Field(description="A project's name, or `*` for all together.")
    period: Period
    caps: Caps = Caps()
