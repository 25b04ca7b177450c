"""The limits of an answer: how far its certificate goes, and what its family found beside it."""

from collections.abc import Callable

import pytest

from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.certificate import Certificate, CertificateStatus
from records.views.limits import limits


def outcome(kind: str, *found: str) -> Outcome:
    certificate = Certificate(status=CertificateStatus.CERTIFIED, kind=kind, verifier="v", alpha=0.05 / 3)
    return Outcome(case_id="c", status=CaseStatus.ACCEPTED, certificate=certificate, limits=found)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "bound of accuracy: Clopper-Pearson",
            "it is wrong with a probability of at most 0.0167, and it speaks",
        ),
        (
            "bound of roc_auc: approximate, by simulation",
            "its bound is approximate, so that it is wrong with",
        ),
        ("bound of accuracy: Clopper-Pearson; 9 groups worth 7 rows (Kish)", "about 0.0167 at most,"),
        ("bound of brier: Hoeffding; 9 groups worth 7.1 rows (Kish)", "probability of at most 0.0167,"),
        ("bound of mae: Hoeffding, exact for bounded losses; 9 groups (Kish)", "of at most 0.0167,"),
    ],
)
def test_a_probability_is_only_as_exact_as_the_bound(
    make_info: Callable[..., CaseInfo], kind: str, said: str
) -> None:
    [line] = [each for each in limits(make_info(), outcome(kind)) if "statistical" in each]
    assert said in line


def test_what_the_family_found_stands_among_the_limits(make_info: Callable[..., CaseInfo]) -> None:
    assert "The sets miss." in tuple(limits(make_info(), outcome("k", "The sets miss.")))


def test_a_bound_that_misses_its_target_is_not_said_to_tell_how_far_off_the_answer_is(
    make_info: Callable[..., CaseInfo],
) -> None:
    found = outcome("k")
    assert found.certificate is not None
    bounded = found.certificate.model_copy(update={"status": CertificateStatus.BOUNDED})
    said = tuple(limits(make_info(), found.model_copy(update={"certificate": bounded})))
    assert "The answer is proven to be no worse than its bound, which misses the target." in said
