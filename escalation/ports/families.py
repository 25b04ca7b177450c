"""What a family of problems provides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from escalation.model.at_best import AtBest
from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.ports.fact_providers import FactProvider
from escalation.ports.methods import Method, View


class Instance(Protocol):
    """A loaded, validated instance; sealed parts stay on it and reach only the verifier."""

    @property
    def digest(self) -> str:
        """SHA-256 over all of its data, sealed parts included."""

    def describe(self) -> Mapping[str, Any]:
        """Returns small JSON data for the record: shape, source, full digests.

        `data`, if there is one, is a digest of what was measured, the same whatever the seed, the split and
        the target: a certificate that is statistical speaks of one question to it.
        """

    def about(self) -> str:
        """Says in a few words what it is, for lists and titles: origin, question, size.

        For instance `heart.csv: died (yes against no), 299 rows, 12 features`.
        """


@dataclass(frozen=True)
class Section:
    """A part of the HTML report: a title and trusted HTML made by the family itself.

    Headings in it begin at the fourth level; `folded` is what a reader opens who wants it all.
    """

    title: str
    html: str
    folded: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer as its user reads it.

    Attributes:
        words: one or a few lines, the most important first: whom or what it serves, and whom or what not.
        rests_on: one sentence, for somebody who knows no statistics, on why that can be believed.
        next_steps: what its user should do with it; of one that misses the target, what would help.
        files: the answer for other programs, by plain file names that no file of the candidate has.
        file_words: what each file is that somebody came for, by its name, first things first: all of `files`,
            and of the candidate's own those that are of use to others than its verifier.
        limits: sentences on where it is worse than its certificate sounds; empty where nothing was found.
        picture: the answer as an SVG with a title and a description; empty where there is none.
    """

    words: tuple[str, ...]
    rests_on: str
    next_steps: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    file_words: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""
    limits: tuple[str, ...] = ()


class Family(Protocol):
    """A kind of problem."""

    @property
    def name(self) -> str: ...

    def load(self, instance: Mapping[str, Any], seed: int, folder: Path) -> Any:
        """Loads and validates an instance; relative paths start at `folder`.

        Raises:
            BadInput: with one clear line.
        """

    def check_target(self, target: Target) -> None:
        """Raises `escalation.model.errors.BadInput` when the target means nothing in this family."""

    def asked(self, instance: Any, target: Target) -> str:
        """Says what is asked, as a title: `Tell malignant from benign on 569 rows of breast_cancer`."""

    def view(self, instance: Any, target: Target) -> View:
        """Returns what a solver may know: the open parts of the instance, and what it should aim at."""

    def methods(self) -> Sequence[Method]:
        """The methods, in the order in which a policy that names none tries them within a tier."""

    def certify(
        self,
        instance: Any,
        target: Target,
        candidate: Candidate,
        evidence: Sequence[Done],
        alpha: float,
    ) -> Certificate:
        """Checks a candidate from the instance alone; `evidence` is what really ran, from the store.

        Args:
            instance: with its sealed parts.
            target: what to reach.
            candidate: what the method claims, its null controls included.
            evidence: every piece of work of the attempt with its raw result.
            alpha: the error allowed to this certificate.
        """

    def report(
        self,
        instance: Any,
        target: Target,
        attempts: Sequence[tuple[Attempt, Candidate | None]],
        best: Attempt | None,
    ) -> Sequence[Section]:
        """Returns the family's part of the report.

        Args:
            instance: with its sealed parts.
            target: what was to be reached.
            attempts: all of them in order, with what they brought.
            best: the one of them whose answer is the case's, accepted or not: it is to stand unfolded; None
                where none was judged.
        """

    def answer(self, instance: Any, target: Target, attempt: Attempt, candidate: Candidate) -> Answer:
        """Says what a verified answer is; asked once, at the end of a case, and recorded with the outcome."""

    def facts(self) -> Sequence[FactProvider]:
        """Facts of this family that policies may name."""


@runtime_checkable
class Foresees(Protocol):
    """A family that can tell what its certificates could say at best before any answer is there."""

    def at_best(self, instance: Any, target: Target, alpha: float) -> AtBest:
        """Returns the most that the most favourable answer could be shown to be; no model is looked at.

        Args:
            instance: with its sealed parts, of which no more than counts may show in what is returned.
            target: what to reach.
            alpha: the error allowed to a certificate.
        """
